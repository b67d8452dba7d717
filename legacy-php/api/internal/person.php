<?php

declare(strict_types=1);

use Donna\App;
use Donna\Identity\Access;
use Donna\Kernel;
use Donna\Retention\PersonAction;

require __DIR__ . '/../../lib/autoload.php';

Kernel::api(
    ['POST' => static fn(App $app): PersonAction => new PersonAction($app)],
    Access::Gateway,
    PersonAction::MAX_BODY_BYTES,
    hasRawBody: true,
);
