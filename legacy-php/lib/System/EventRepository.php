<?php

declare(strict_types=1);

namespace Donna\System;

/** What happened lately, bounded per kind, without personal data beyond the owner's id. */
interface EventRepository
{
    /**
     * @param array<string, mixed> $event
     * @return bool false when an event of that id is already there
     */
    public function record(string $kind, string $id, array $event): bool;

    public function countSince(string $kind, string $moment): int;
}
