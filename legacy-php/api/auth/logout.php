<?php

declare(strict_types=1);

use Donna\App;
use Donna\Identity\Access;
use Donna\Identity\LogoutAction;
use Donna\Kernel;

require __DIR__ . '/../../lib/autoload.php';

Kernel::api([
    'POST' => static fn(App $app): LogoutAction => new LogoutAction($app->session()),
], Access::Anyone, maxBodyBytes: 16384, needsCsrf: true);
