<?php

declare(strict_types=1);

namespace Donna\Conversations;

use Donna\Replication\Moment;

/** What can happen to an owner's list of conversations, as values: whoever writes it, here or in the gateway's name. */
final class ConversationList
{
    public const MAX_CONVERSATIONS = 200;
    public const MAX_MESSAGES = 100;
    /** Of all messages together, in bytes: with titles and metadata a document stays below the 12 MB that the gateway takes. */
    public const MAX_MESSAGE_BYTES = 2_097_152;

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
     * @return ?list<array<string, mixed>> without those that have rested since before a moment; null when there are none such
     */
    public static function withoutRested(array $list, string $before): ?array
    {
        $rest = array_values(array_filter($list, static fn(array $c): bool => !self::hasRested($c, $before)));

        return count($rest) < count($list) ? $rest : null;
    }

    /** @param array<string, mixed> $conversation one whose times cannot be read has not */
    public static function hasRested(array $conversation, string $before): bool
    {
        $changed = $conversation['updated_at'] ?? null;
        $spoken = $conversation['last_message_at'] ?? null;

        return Moment::isOne($changed) && $changed < $before && ($spoken === null || (Moment::isOne($spoken) && $spoken < $before));
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

    /**
     * @param list<array<string, mixed>> $list
     * @return list<array<string, mixed>> with fewer messages where they were too many bytes: the oldest go first, of those
     *         conversations first that rested longest; the conversations themselves stay
     */
    public static function withinBytes(array $list): array
    {
        $size = static fn(array $message): int => strlen($message['role'] ?? '') + strlen($message['content'] ?? '');
        $sizes = array_map(static fn(array $c): array => array_map($size, array_values($c['messages'] ?? [])), $list);
        $over = array_sum(array_map('array_sum', $sizes)) - self::MAX_MESSAGE_BYTES;
        $order = array_keys($list);
        usort($order, static fn(int $a, int $b): int => ($list[$a]['updated_at'] ?? '') <=> ($list[$b]['updated_at'] ?? ''));
        foreach ($order as $at) {
            for ($gone = 0; $over > 0 && $gone < count($sizes[$at]); $gone++) {
                $over -= $sizes[$at][$gone];
            }
            if ($gone > 0) {
                $list[$at]['messages'] = array_slice($list[$at]['messages'], $gone);
            }
        }

        return $list;
    }
}
