<?php

declare(strict_types=1);

namespace Donna\Settings;

/** What a chatbot does until its owner says otherwise. */
final class Defaults
{
    /** The members of `profile` when it is used as a group instead of the flat name. */
    public const PROFILE_GROUP = ['name' => 'Donna', 'role' => 'general', 'avatar' => null];

    public const SETTINGS = [
        'greeting' => 'Hello, I am Donna. How can I help you?',
        'themeColor' => '#2f6f8f',
        'position' => 'bottom-right',
        'profile' => 'general',
        'theme' => 'auto',
        'language' => 'en',
        'behavior' => ['tone' => 'friendly', 'responseDelayMs' => 0, 'typingIndicator' => true, 'maxHistory' => 20, 'handoffEnabled' => true],
        'knowledge' => ['companyName' => 'Donna Example Ltd', 'businessHours' => 'Mon-Fri 09:00-17:00', 'faq' => [], 'sources' => []],
        'integrations' => ['email' => true, 'calendar' => false, 'telephony' => false, 'crm' => null],
    ];

    /**
     * @param array<string, mixed> $own
     * @return array<string, mixed>
     */
    public static function with(array $own): array
    {
        $defaults = self::SETTINGS;
        if (is_array($own['profile'] ?? null)) {
            $defaults['profile'] = self::PROFILE_GROUP;
        }

        return self::merge($defaults, $own);
    }

    /**
     * Groups are merged member by member; lists and single values are replaced.
     *
     * @param array<string, mixed> $base
     * @param array<string, mixed> $over
     * @return array<string, mixed>
     */
    public static function merge(array $base, array $over): array
    {
        foreach ($over as $name => $value) {
            $isGroup = is_array($value) && ($value === [] || !array_is_list($value));
            $hasGroup = is_array($base[$name] ?? null) && $base[$name] !== [] && !array_is_list($base[$name]);
            $base[$name] = $isGroup && $hasGroup ? self::merge($base[$name], $value) : $value;
        }

        return $base;
    }
}
