<?php

declare(strict_types=1);

/** An API script whose faults quote what a request brought, as careless code does: router script of a `php -S`. Without the kernel where `plain` is set. */

use Donna\Call;
use Donna\Http\ApiException;
use Donna\Http\ErrorCode;
use Donna\Http\Response;
use Donna\Identity\Access;
use Donna\Kernel;

require __DIR__ . '/../../lib/autoload.php';

$fail = static function (string $how, string $who): void {
    match ($how) {
        'exception' => throw new RuntimeException("No customer {$who}\nwho lives in {$who}"),
        'previous' => throw new ApiException(ErrorCode::Internal, 'Something went wrong.', previous: new LogicException($who)),
        'warning' => trigger_error('No customer ' . $who, E_USER_WARNING),
        'fatal' => trigger_error('No customer ' . $who, E_USER_ERROR),
        'file' => file_get_contents('/nowhere/' . rawurlencode($who) . '.json'),
        'key' => [][$who],
        'function' => $who(),
        'argument' => (static fn(int $number): int => $number)($who),
        'log' => error_log('asked by ' . $who),
        'memory' => str_repeat($who, 1 << 30),
        default => null,
    };
};
if (isset($_GET['plain'])) {
    $fail((string) $_GET['how'], (string) $_GET['who']);

    return;
}
Kernel::api(['GET' => static fn(): \Closure => static function (Call $call) use ($fail): Response {
    $fail((string) $call->input->raw('how'), (string) $call->input->raw('who'));

    return $call->respond->jsonSuccess();
}], Access::Anyone);
