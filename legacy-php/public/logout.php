<?php

declare(strict_types=1);

use Donna\App;
use Donna\Kernel;
use Donna\Page\LogoutPage;

require __DIR__ . '/../lib/autoload.php';

Kernel::page(['POST' => static fn(App $app): LogoutPage => new LogoutPage($app)]);
