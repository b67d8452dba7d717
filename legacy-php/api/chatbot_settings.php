<?php

declare(strict_types=1);

use Donna\App;
use Donna\Kernel;
use Donna\Settings\ResetSettings;
use Donna\Settings\SaveSettings;
use Donna\Settings\ShowSettings;

require __DIR__ . '/../lib/autoload.php';

Kernel::api([
    'GET' => static fn(App $app): ShowSettings => new ShowSettings($app->settings()),
    'POST' => static fn(App $app): SaveSettings => new SaveSettings($app->settings()),
    'PUT' => static fn(App $app): SaveSettings => new SaveSettings($app->settings()),
    'DELETE' => static fn(App $app): ResetSettings => new ResetSettings($app->settings()),
]);
