<?php

declare(strict_types=1);

use Donna\App;
use Donna\Identity\Access;
use Donna\Kernel;
use Donna\System\ShowStats;

require __DIR__ . '/../lib/autoload.php';

Kernel::api(['GET' => static fn(App $app): ShowStats => new ShowStats($app)], Access::Admin);
