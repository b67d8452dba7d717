<?php

declare(strict_types=1);

namespace Donna\Settings;

use Donna\Call;
use Donna\Donna\Profile;
use Donna\Http\ApiException;
use Donna\Text;

/** Reads and checks the settings a client sends; an unknown name is told, not dropped. */
final class SettingsInput
{
    public const POSITIONS = ['bottom-right', 'bottom-left', 'top-right', 'top-left'];
    private const GROUPS = ['behavior', 'knowledge', 'integrations'];
    private const FLAT = ['greeting', 'themeColor', 'position', 'profile', 'theme', 'language'];
    private const MAX_GROUP_BYTES = 16384;
    private const MAX_DEPTH = 4;

    /** @return array<string, mixed> */
    public static function read(Call $call): array
    {
        $in = $call->input;
        $sent = $call->request->fields($call->maxBodyBytes);
        unset($sent['csrf_token'], $sent['action']);
        foreach (array_keys($sent) as $name) {
            if (!in_array((string) $name, [...self::FLAT, ...self::GROUPS], true)) {
                $in->fail(Text::cut(Text::oneLine((string) $name), 64), 'is not a setting');
            }
        }
        $changes = [
            'greeting' => $in->optionalText('greeting', 1, 500, true),
            'themeColor' => self::pattern($call, 'themeColor', '/^#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/D', 'must be a colour such as #2f6f8f'),
            'position' => $in->optionalChoice('position', self::POSITIONS),
            'profile' => is_array($in->raw('profile')) ? self::group($call, 'profile') : $in->optionalChoice('profile', Profile::names()),
            'theme' => $in->optionalChoice('theme', ['light', 'dark', 'auto']),
            'language' => self::pattern($call, 'language', '/^[a-z]{2}$/D', 'must be two small letters such as en'),
        ];
        foreach (self::GROUPS as $name) {
            $changes[$name] = self::group($call, $name);
        }
        $in->check();
        $changes = array_filter($changes, static fn(mixed $value): bool => $value !== null);
        if ($changes === []) {
            throw ApiException::validation(['settings' => 'give at least one setting']);
        }

        return $changes;
    }

    private static function pattern(Call $call, string $field, string $pattern, string $message): ?string
    {
        return $call->input->raw($field) === null ? null : $call->input->matching($field, $pattern, $message);
    }

    /** @return ?array<string, mixed> */
    private static function group(Call $call, string $name): ?array
    {
        $group = $call->input->optionalRecord($name, self::MAX_GROUP_BYTES);
        if ($group === null) {
            return null;
        }
        if (!self::isPlain($group, self::MAX_DEPTH)) {
            $call->input->fail($name, 'must hold plain names and values, at most ' . self::MAX_DEPTH . ' levels deep');
        }
        $colour = $group['themeColor'] ?? null;
        if ($colour !== null && !\Donna\Validation\Validators::isHexColour($colour)) {
            $call->input->fail($name . '.themeColor', 'must be a colour such as #2f6f8f');
        }
        self::known($call, $name, $group);

        return $group;
    }

    /** @param array<string, mixed> $group */
    private static function known(Call $call, string $name, array $group): void
    {
        $defaults = $name === 'profile' ? Defaults::PROFILE_GROUP : Defaults::SETTINGS[$name];
        foreach ($defaults as $member => $default) {
            $value = $group[$member] ?? null;
            if ($value === null || $default === null) {
                continue;
            }
            $isSame = is_array($default) ? is_array($value) && array_is_list($value) && count($value) <= 100 : gettype($value) === gettype($default);
            if (!$isSame) {
                $call->input->fail($name . '.' . $member, 'must be ' . match (true) {
                    is_bool($default) => 'true or false',
                    is_int($default) => 'a whole number',
                    is_array($default) => 'a list of at most 100 members',
                    default => 'text',
                });
            }
        }
    }

    /** @param array<mixed> $value */
    private static function isPlain(array $value, int $depth): bool
    {
        $isList = array_is_list($value);
        foreach ($value as $name => $member) {
            if (!$isList && preg_match('/^[A-Za-z][A-Za-z0-9_]{0,63}$/D', (string) $name) !== 1) {
                return false;
            }
            if (is_array($member) && ($depth <= 1 || !self::isPlain($member, $depth - 1))) {
                return false;
            }
        }

        return true;
    }
}
