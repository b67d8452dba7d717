<?php

declare(strict_types=1);

namespace Donna\Donna;

use Donna\Storage\JsonStore;
use Donna\Text;

/** One document per owner: what was told last, at most 20 facts of 200 characters. */
final class FileMemoryRepository implements MemoryRepository
{
    private const MAX_FACTS = 20;
    private const MAX_CHARACTERS = 200;

    public function __construct(private readonly JsonStore $store) {}

    public function of(string $owner): array
    {
        return array_filter($this->store->read(JsonStore::nameFor('memory', $owner)), 'is_string');
    }

    public function learn(string $owner, array $facts): void
    {
        $name = JsonStore::nameFor('memory', $owner);
        // Known already: nothing is locked or written.
        if ($facts === [] || self::with($facts, $known = $this->store->read($name)) === $known) {
            return;
        }
        $this->store->update($name, static function (array $known) use ($facts): ?array {
            $next = self::with($facts, $known);

            return $next === $known ? null : $next;
        });
    }

    /**
     * @param array<string, string> $facts
     * @param array<mixed> $known
     * @return array<string, string> newest first
     */
    private static function with(array $facts, array $known): array
    {
        $all = array_slice(array_filter($facts + $known, 'is_string'), 0, self::MAX_FACTS, true);

        return array_map(static fn(string $fact): string => Text::cut($fact, self::MAX_CHARACTERS), $all);
    }
}
