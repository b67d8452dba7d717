<?php

declare(strict_types=1);

/** An API script that dies in the ways PHP code dies: router script of a `php -S`. */

use Donna\Call;
use Donna\Http\Response;
use Donna\Identity\Access;
use Donna\Kernel;

require __DIR__ . '/../../lib/autoload.php';

ini_set('memory_limit', '32M');
ini_set('display_errors', '1');

Kernel::api(['GET' => static fn(): \Closure => static function (Call $call): Response {
    echo 'stray output';
    match ($call->input->raw('how')) {
        'memory' => str_repeat('x', 1 << 30),
        'exception' => throw new RuntimeException('SELECT * FROM users in /srv/secret/path.php'),
        'type' => strlen([]),
        'notice' => print($undefined),
        'undefined' => no_such_function(),
        'parse' => eval('this is not php'),
        'exit' => trigger_error('the old way', E_USER_ERROR),
        default => null,
    };

    return $call->respond->jsonSuccess();
}], Access::Anyone);
