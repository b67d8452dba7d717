<?php

declare(strict_types=1);

namespace Donna\Secretary;

use Donna\Call;
use Donna\Http\Response;

final class AddTask
{
    public function __construct(private readonly TaskRepository $tasks) {}

    public function __invoke(Call $call): Response
    {
        $in = $call->input;
        $title = $in->text('title', 1, 200);
        $due = null;
        if ($in->has('due')) {
            $due = $in->matching('due', '/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/D', 'must be a day such as 2025-05-13');
            [$year, $month, $day] = array_map('intval', explode('-', $due . '--'));
            if ($due !== '' && !checkdate($month, $day, max(1, $year))) {
                $in->fail('due', 'must be a day such as 2025-05-13');
            }
        }
        $priority = $in->optionalChoice('priority', TaskRepository::PRIORITIES) ?? 'normal';
        $notes = $in->optionalText('notes', 0, 2000, true);
        $in->check();
        $task = $this->tasks->add($title, $due, $priority, $notes);

        return $call->respond->jsonSuccess(['message' => 'Task added.', 'data' => [
            'task' => $task,
            'tasks' => $this->tasks->tasks(),
            'schedule' => ['meetings' => $this->tasks->meetings()],
        ]]);
    }
}
