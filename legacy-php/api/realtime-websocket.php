<?php

declare(strict_types=1);

use Donna\App;
use Donna\Identity\Access;
use Donna\Kernel;
use Donna\System\RetiredRealtime;

require __DIR__ . '/../lib/autoload.php';

Kernel::api(['*' => static fn(App $app): RetiredRealtime => new RetiredRealtime()], Access::Anyone);
