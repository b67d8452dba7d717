<?php

declare(strict_types=1);

namespace Donna\Conversations;

/** What can happen to an owner's list of conversations, as values: whoever writes it, here or in the gateway's name. */
final class ConversationList
{
    public const MAX_CONVERSATIONS = 200;
    public const MAX_MESSAGES = 100;

    /** @return array<string, mixed> */
    public static function blank(string $id, string $title, string $metadataJson, string $now): array
    {
        return [
            'id' => $id,
            'title' => $title,
            'created_at' => $now,
            'updated_at' => $now,
            'last_message_at' => null,
            'message_count' => 0,
            'status' => 'active',
            'last_message_preview' => null,
            'metadata' => $metadataJson,
            'messages' => [],
        ];
    }

    /**
     * @param list<array<string, mixed>> $list
     * @return ?array<string, mixed>
     */
    public static function find(array $list, string $id): ?array
    {
        foreach ($list as $conversation) {
            if ($conversation['id'] === $id) {
                return $conversation;
            }
        }

        return null;
    }

    /**
     * @param list<array<string, mixed>> $list
     * @param array<string, string> $changes of title, status, metadata
     * @return ?list<array<string, mixed>> null when there is no such conversation
     */
    public static function changed(array $list, string $id, array $changes, string $now): ?array
    {
        foreach ($list as $i => $conversation) {
            if ($conversation['id'] === $id) {
                $list[$i] = ['updated_at' => $now] + $changes + $conversation;

                return $list;
            }
        }

        return null;
    }

    /**
     * @param list<array<string, mixed>> $list
     * @return ?list<array<string, mixed>> null when there is no such conversation
     */
    public static function without(array $list, string $id): ?array
    {
        $rest = array_values(array_filter($list, static fn(array $c): bool => $c['id'] !== $id));

        return count($rest) < count($list) ? $rest : null;
    }

    /**
     * @param list<array<string, mixed>> $list
     * @return list<array<string, mixed>> without the ones that rested longest
     */
    public static function bounded(array $list): array
    {
        if (count($list) > self::MAX_CONVERSATIONS) {
            usort($list, static fn(array $a, array $b): int => strcmp($a['updated_at'], $b['updated_at']));
            $list = array_slice($list, -self::MAX_CONVERSATIONS);
        }

        return $list;
    }
}
