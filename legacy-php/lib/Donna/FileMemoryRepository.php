<?php

declare(strict_types=1);

namespace Donna\Donna;

use Donna\Storage\JsonStore;

final class FileMemoryRepository implements MemoryRepository
{
    private const MAX_FACTS = 20;

    public function __construct(private readonly JsonStore $store) {}

    public function of(string $owner): array
    {
        return array_filter($this->store->read(JsonStore::nameFor('memory', $owner)), 'is_string');
    }

    public function learn(string $owner, array $facts): void
    {
        if ($facts === []) {
            return;
        }
        $this->store->update(
            JsonStore::nameFor('memory', $owner),
            static fn(array $known): array => array_slice($facts + $known, 0, self::MAX_FACTS, true),
        );
    }
}
