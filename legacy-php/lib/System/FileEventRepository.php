<?php

declare(strict_types=1);

namespace Donna\System;

use Donna\Clock;
use Donna\Storage\History;
use Donna\Storage\JsonStore;

/** One document per kind: the last 1000 events, at most 512 KiB. */
final class FileEventRepository implements EventRepository
{
    private const MAX = 1000;
    private const MAX_BYTES = 524288;

    public function __construct(private readonly JsonStore $store) {}

    public function record(string $kind, string $id, array $event): bool
    {
        $isNew = false;
        $this->store->update('events-' . $kind, function (array $events) use ($id, $event, &$isNew): ?array {
            $owner = $event['owner'] ?? null;
            if ((is_string($owner) && $this->store->isErased($owner)) || in_array($id, array_column($events, 'id'), true)) {
                return null;
            }
            $isNew = true;

            return (new History(self::MAX, self::MAX_BYTES))->newest([...array_values($events), ['id' => $id, 'at' => Clock::now()] + $event]);
        });

        return $isNew;
    }

    public function countSince(string $kind, string $moment): int
    {
        return count(array_filter(
            array_column($this->store->read('events-' . $kind), 'at'),
            static fn(string $at): bool => $at >= $moment,
        ));
    }
}
