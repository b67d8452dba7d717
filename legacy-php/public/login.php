<?php

declare(strict_types=1);

use Donna\App;
use Donna\Kernel;
use Donna\Page\LoginPage;

require __DIR__ . '/../lib/autoload.php';

$page = static fn(App $app): LoginPage => new LoginPage($app);

Kernel::page(['GET' => $page, 'POST' => $page]);
