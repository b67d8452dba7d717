<?php

declare(strict_types=1);

namespace Donna\Donna;

use Donna\Validation\Input;
use Donna\Validation\Validators;

/** One checked message to Donna. */
final class TalkInput
{
    private const MAX_HISTORY = 50;
    private const MAX_MEMORY_BYTES = 8192;

    /**
     * @param list<array{role: string, content: string}> $history
     * @param array<string, string> $memory
     */
    private function __construct(
        public readonly string $message,
        public readonly ?string $chatId,
        public readonly Profile $profile,
        public readonly array $history,
        public readonly array $memory,
    ) {}

    public static function read(Input $in): self
    {
        $message = $in->text('message', 1, 4000, true);
        $chatId = $in->optionalPathPart('chat_id');
        // Who calls is told by the session or the gateway; these two are only held to their form.
        $in->optionalEmail('user_email');
        $userId = $in->raw('user_id');
        if ($userId !== null && !is_int($userId) && !Validators::isText($userId, 0, 128)) {
            $in->fail('user_id', 'must be text of 0 to 128 characters');
        }
        $profile = $in->optionalChoice('user_profile', Profile::names());
        $history = self::history($in);
        $memory = [];
        foreach ($in->optionalRecord('user_memory', self::MAX_MEMORY_BYTES) ?? [] as $name => $value) {
            if (is_scalar($value) && preg_match('/^[A-Za-z][A-Za-z0-9_ -]{0,39}$/D', (string) $name) === 1) {
                $memory[(string) $name] = is_bool($value) ? ($value ? 'yes' : 'no') : (string) $value;
            }
        }
        $in->check();

        return new self($message, $chatId, Profile::from($profile ?? 'general'), $history, $memory);
    }

    /** @return list<array{role: string, content: string}> */
    private static function history(Input $in): array
    {
        $history = [];
        foreach ($in->optionalList('chat_history', self::MAX_HISTORY) ?? [] as $i => $turn) {
            $role = is_array($turn) ? ($turn['role'] ?? null) : null;
            $content = is_array($turn) ? ($turn['content'] ?? $turn['message'] ?? null) : null;
            // "system" is not for a client to say.
            $roles = ['user' => 'user', 'assistant' => 'assistant', 'bot' => 'assistant', 'donna' => 'assistant'];
            if (!is_string($role) || !isset($roles[$role]) || !Validators::isText($content, 0, 4000, true)) {
                $in->fail("chat_history[{$i}]", 'must have role user or assistant, and content of at most 4000 characters');
                break;
            }
            $history[] = ['role' => $roles[$role], 'content' => (string) $content];
        }

        return $history;
    }
}
