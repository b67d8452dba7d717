<?php

declare(strict_types=1);

namespace Donna\Secretary;

use Donna\Call;
use Donna\Http\Response;

final class ShowDashboard
{
    public function __construct(private readonly TaskRepository $tasks) {}

    public function __invoke(Call $call): Response
    {
        return $call->respond->jsonSuccess(['data' => ['tasks' => $this->tasks->tasks(), 'schedule' => ['meetings' => $this->tasks->meetings()]]]);
    }
}
