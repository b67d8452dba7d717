<?php

declare(strict_types=1);

namespace Donna\Donna;

/** Small facts a user has told Donna. */
interface MemoryRepository
{
    /** @return array<string, string> */
    public function of(string $owner): array;

    /** @param array<string, string> $facts */
    public function learn(string $owner, array $facts): void;
}
