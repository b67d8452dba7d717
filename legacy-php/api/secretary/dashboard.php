<?php

declare(strict_types=1);

use Donna\App;
use Donna\Identity\Access;
use Donna\Kernel;
use Donna\Secretary\AddTask;
use Donna\Secretary\ShowDashboard;
use Donna\System\RecordVoiceEvent;

require __DIR__ . '/../../lib/autoload.php';

$show = static fn(App $app): ShowDashboard => new ShowDashboard($app->tasks());

Kernel::api([
    'GET' => ['' => $show, 'get_tasks' => $show],
    'POST' => [
        'get_tasks' => $show,
        'add_task' => static fn(App $app): AddTask => new AddTask($app->tasks()),
        'voice_event' => static fn(App $app): RecordVoiceEvent => new RecordVoiceEvent($app->events(), 'secretary'),
    ],
], Access::UserOrGateway);
