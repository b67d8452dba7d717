<?php

declare(strict_types=1);

namespace Donna\Conversations;

/** How a conversation looks to a client. */
final class Presenter
{
    /**
     * @param array<string, mixed> $conversation
     * @return array<string, mixed>
     */
    public static function full(array $conversation): array
    {
        return [
            'id' => $conversation['id'],
            'title' => $conversation['title'],
            'created_at' => $conversation['created_at'],
            'updated_at' => $conversation['updated_at'],
            'last_message_at' => $conversation['last_message_at'],
            'message_count' => $conversation['message_count'],
            'status' => $conversation['status'],
            'last_message_preview' => $conversation['last_message_preview'],
            // Kept as text, so that {} and [] inside come back as they were sent.
            'metadata' => json_decode($conversation['metadata'], false, 32) ?? new \stdClass(),
        ];
    }
}
