<?php

declare(strict_types=1);

use Donna\App;
use Donna\Identity\Access;
use Donna\Identity\SessionAction;
use Donna\Kernel;

require __DIR__ . '/../../lib/autoload.php';

Kernel::api(['GET' => static fn(App $app): SessionAction => new SessionAction($app->session(), $app->users())], Access::Gateway);
