<?php

declare(strict_types=1);

use Donna\App;
use Donna\Identity\Access;
use Donna\Kernel;
use Donna\Replication\DocumentsAction;

require __DIR__ . '/../../lib/autoload.php';

Kernel::api(
    ['POST' => static fn(App $app): DocumentsAction => new DocumentsAction($app->store())],
    Access::Gateway,
    DocumentsAction::MAX_BODY_BYTES,
    hasRawBody: true,
);
