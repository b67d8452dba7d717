<?php

declare(strict_types=1);

namespace Donna\Conversations;

/**
 * Conversations, each seen by its owner only.
 *
 * @phpstan-type Conversation array{id: string, title: string, created_at: string, updated_at: string, last_message_at: ?string,
 *   message_count: int, status: string, last_message_preview: ?string, metadata: string}
 */
interface ConversationRepository
{
    /** @return list<array<string, mixed>> newest first */
    public function of(string $owner): array;

    /** @return array<string, mixed> */
    public function create(string $owner, string $title, string $metadataJson, ?string $id = null): array;

    /**
     * @param array<string, string> $changes of title, status, metadata
     * @return ?array<string, mixed> null when the owner has no such conversation
     */
    public function change(string $owner, string $id, array $changes): ?array;

    public function remove(string $owner, string $id): bool;

    /** @return list<array{role: string, content: string}> oldest first */
    public function messages(string $owner, string $id, int $max): array;

    /** Adds to a conversation, which is made when the owner has none of that id. */
    public function append(string $owner, string $id, string $title, string $message, string $reply): void;

    public function countSince(string $moment): int;
}
