<?php

declare(strict_types=1);

namespace Donna\System;

use Donna\Clock;
use Donna\Storage\JsonStore;

final class FileEventRepository implements EventRepository
{
    private const MAX = 1000;

    public function __construct(private readonly JsonStore $store) {}

    public function record(string $kind, string $id, array $event): bool
    {
        $isNew = false;
        $this->store->update('events-' . $kind, static function (array $events) use ($id, $event, &$isNew): ?array {
            if (in_array($id, array_column($events, 'id'), true)) {
                return null;
            }
            $isNew = true;

            return array_slice([...$events, ['id' => $id, 'at' => Clock::now()] + $event], -self::MAX);
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
