<?php

declare(strict_types=1);

namespace Donna\Secretary;

use Donna\Clock;
use Donna\Storage\History;
use Donna\Storage\JsonStore;

/** Meetings as they are, and the last 1000 tasks, at most 2 MiB. */
final class FileTaskRepository implements TaskRepository
{
    private const MAX_TASKS = 1000;
    private const MAX_BYTES = 2_097_152;

    public function __construct(private readonly JsonStore $store) {}

    public function tasks(): array
    {
        return $this->store->read('tasks', self::seed());
    }

    public function meetings(): array
    {
        return $this->store->read('meetings', [
            ['id' => 'meeting-001', 'title' => 'Northwind: first call', 'starts_at' => '2025-05-13T09:00:00.000Z', 'ends_at' => '2025-05-13T09:30:00.000Z', 'with' => 'Priya Raman', 'place' => 'Phone'],
            ['id' => 'meeting-002', 'title' => 'Weekly team round', 'starts_at' => '2025-05-14T08:00:00.000Z', 'ends_at' => '2025-05-14T08:45:00.000Z', 'with' => 'Team', 'place' => 'Room 2'],
            ['id' => 'meeting-003', 'title' => 'Ferreira Law: review', 'starts_at' => '2025-05-16T10:00:00.000Z', 'ends_at' => '2025-05-16T11:00:00.000Z', 'with' => 'Tomás Ferreira', 'place' => 'Video'],
        ]);
    }

    public function add(string $title, ?string $due, string $priority, ?string $notes): array
    {
        $task = [
            'id' => 'task_' . bin2hex(random_bytes(8)),
            'title' => $title,
            'due' => $due,
            'priority' => $priority,
            'notes' => $notes ?? '',
            'status' => 'open',
            'created_at' => Clock::now(),
        ];
        $this->store->update('tasks', static fn(array $tasks): array => (new History(self::MAX_TASKS, self::MAX_BYTES))->newest([...array_values($tasks), $task]), self::seed());

        return $task;
    }

    /** @return list<array<string, mixed>> */
    private static function seed(): array
    {
        $tasks = [];
        $rows = [
            ['Call Priya Raman about the quote', '2025-05-13', 'high', 'open'],
            ['Send invoice 2025-0117 again with VAT number', '2025-05-13', 'normal', 'open'],
            ['Check opening hours of Dubois', '2025-05-14', 'normal', 'open'],
            ['Prepare the demo for Bianchi Moto', '2025-05-19', 'normal', 'open'],
            ['Renew the telephone numbers', '2025-05-02', 'low', 'done'],
        ];
        foreach ($rows as $i => [$title, $due, $priority, $status]) {
            $tasks[] = [
                'id' => sprintf('task-%03d', $i + 1),
                'title' => $title,
                'due' => $due,
                'priority' => $priority,
                'notes' => '',
                'status' => $status,
                'created_at' => sprintf('2025-05-%02dT08:00:00.000Z', $i + 1),
            ];
        }

        return $tasks;
    }
}
