<?php

declare(strict_types=1);

namespace Donna\Secretary;

/** The team's tasks and meetings. */
interface TaskRepository
{
    public const PRIORITIES = ['low', 'normal', 'high'];

    /** @return list<array<string, mixed>> */
    public function tasks(): array;

    /** @return list<array<string, mixed>> */
    public function meetings(): array;

    /** @return array<string, mixed> */
    public function add(string $title, ?string $due, string $priority, ?string $notes): array;
}
