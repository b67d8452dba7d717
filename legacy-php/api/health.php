<?php

declare(strict_types=1);

use Donna\App;
use Donna\Identity\Access;
use Donna\Kernel;
use Donna\System\Health;

require __DIR__ . '/../lib/autoload.php';

Kernel::api(['GET' => static fn(App $app): Health => new Health($app->env)], Access::Anyone, isLimited: false);
