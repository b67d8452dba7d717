<?php

declare(strict_types=1);

use Donna\App;
use Donna\Donna\Talk;
use Donna\Identity\Access;
use Donna\Kernel;

require __DIR__ . '/../lib/autoload.php';

Kernel::api([
    'POST' => static fn(App $app): Talk => new Talk($app->chatModel(), $app->conversations(), $app->memory(), $app->mailer()),
], Access::Anyone, maxBodyBytes: 1048576);
