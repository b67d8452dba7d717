<?php

declare(strict_types=1);

/** php legacy-php/tests/run.php [words of test names]: real units, and the real application through its socket. */

use Donna\Tests\Failed;
use Donna\Tests\Suite;
use Donna\Tests\Workshop;

error_reporting(E_ALL);
require __DIR__ . '/../lib/autoload.php';
require __DIR__ . '/support/harness.php';

set_error_handler(static function (int $level, string $message, string $file, int $line): bool {
    if ((error_reporting() & $level) === 0) {
        return true;
    }
    throw new ErrorException($message, 0, $level, $file, $line);
});
Workshop::$root = sys_get_temp_dir() . '/donna-tests-' . bin2hex(random_bytes(6));
mkdir(Workshop::$root, 0o700);
register_shutdown_function(Workshop::clean(...));
if (function_exists('pcntl_signal')) {
    pcntl_async_signals(true);
    foreach ([SIGINT, SIGTERM] as $signal) {
        pcntl_signal($signal, static fn() => exit(130));
    }
}
foreach ([...(glob(__DIR__ . '/unit/*.php') ?: []), ...(glob(__DIR__ . '/http/*.php') ?: [])] as $file) {
    require $file;
}
$only = implode(' ', array_slice($argv, 1));
[$passed, $failed] = [0, 0];
foreach (Suite::$tests as $name => $body) {
    if ($only !== '' && !str_contains($name, $only)) {
        continue;
    }
    $before = Suite::$assertions;
    try {
        $body();
        if (Suite::$assertions === $before) {
            throw new Failed('the test asserts nothing');
        }
        $passed++;
        echo "ok    {$name}\n";
    } catch (Throwable $e) {
        $failed++;
        echo "FAIL  {$name}\n      " . ($e instanceof Failed ? $e->getMessage() : $e::class . ': ' . $e->getMessage()) . "\n";
        foreach ($e->getTrace() as $frame) {
            if (isset($frame['file'], $frame['line']) && preg_match('~/tests/(unit|http)/~', $frame['file']) === 1) {
                echo '      at ' . basename($frame['file']) . ':' . $frame['line'] . "\n";
                break;
            }
        }
    }
}
echo "{$passed} passed, {$failed} failed\n";
exit($failed === 0 && $passed > 0 ? 0 : 1);
