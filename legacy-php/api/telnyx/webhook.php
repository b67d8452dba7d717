<?php

declare(strict_types=1);

use Donna\App;
use Donna\Identity\Access;
use Donna\Kernel;
use Donna\Voice\ReceiveWebhook;

require __DIR__ . '/../../lib/autoload.php';

Kernel::api([
    'POST' => static fn(App $app): ReceiveWebhook => new ReceiveWebhook($app->env, $app->events()),
], Access::Anyone, hasRawBody: true);
