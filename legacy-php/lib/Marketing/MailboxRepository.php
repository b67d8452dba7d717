<?php

declare(strict_types=1);

namespace Donna\Marketing;

/** The team's inbox. */
interface MailboxRepository
{
    public const CATEGORIES = ['lead', 'client', 'marketing', 'spam'];

    /** @return list<array<string, mixed>> newest first */
    public function emails(?string $category = null): array;

    /** @return ?array<string, mixed> */
    public function find(string $id): ?array;

    public function markAnswered(string $id): void;

    /** @return array{unread: int, starred: int, categories: array<string, int>} */
    public function stats(): array;
}
