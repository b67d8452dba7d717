<?php

declare(strict_types=1);

/**
 * Removes what the retention policy says is too old: DONNA_DATA_DIR=… php legacy-php/scripts/cleanup_runtime_data.php --help
 * May run beside the application. Its native twin: npm run gateway -- cleanup (docs/operations/retention.md).
 */

use Donna\Environment;
use Donna\Retention\Cleanup;
use Donna\Retention\CleanupReport;
use Donna\Retention\PolicyException;
use Donna\Retention\RetentionPolicy;

if (PHP_SAPI !== 'cli') {
    exit(1);
}
require __DIR__ . '/../lib/autoload.php';

// sysexits.h
const EX_USAGE = 64;
const EX_NOINPUT = 66;
const EX_CANTCREAT = 73;
const EX_IOERR = 74;
const EX_TEMPFAIL = 75;
const EX_NOPERM = 77;
const EX_CONFIG = 78;

const HELP = <<<'TEXT'
    Removes what the retention policy says is too old. DONNA_DATA_DIR names the data; it may run beside the application.

      --dry-run        says what would go, and removes nothing
      --verbose        names each thing that goes
      --config FILE    another policy than legacy-php/retention.json
      --json           one JSON object on standard output
      --help

    Exit code: 0 done, 64 a command line that is not understood, 66 no data directory, 73 no lock can be made, 74 something was left
    alone that should not be there (it is named), 75 another run is under way, 77 not the user who owns the data, 78 a policy with a fault.

    TEXT;

$end = static function (int $code, string $message): never {
    fwrite(STDERR, $message . "\n");
    exit($code);
};
[$isDryRun, $isVerbose, $isJson, $config] = [false, false, false, __DIR__ . '/../retention.json'];
for ($i = 1; $i < count($argv); $i++) {
    switch ($argv[$i]) {
        case '--dry-run':
            $isDryRun = true;
            break;
        case '--verbose':
            $isVerbose = true;
            break;
        case '--json':
            $isJson = true;
            break;
        case '--config':
            $config = $argv[++$i] ?? $end(EX_USAGE, '--config needs a file');
            break;
        case '--help':
            echo HELP;
            exit(0);
        default:
            $end(EX_USAGE, 'This option is not known: ' . preg_replace('/[^\x20-\x7E]/', '?', substr($argv[$i], 0, 80)) . "\nSee --help");
    }
}
try {
    $policy = RetentionPolicy::fromFile($config);
} catch (PolicyException $e) {
    $end(EX_CONFIG, "The policy {$config} cannot be used; nothing was removed.\n" . $e->getMessage());
}
$root = realpath((new Environment($_SERVER))->dataDirectory());
if ($root === false || !is_dir($root)) {
    $end(EX_NOINPUT, 'There is no data directory: set DONNA_DATA_DIR as the application has it.');
}
if (function_exists('posix_geteuid') && posix_geteuid() !== fileowner($root)) {
    // What another user writes the application could not read any more.
    $user = function_exists('posix_getpwuid') ? (posix_getpwuid((int) fileowner($root))['name'] ?? '') : '';
    $end(EX_NOPERM, 'Run this as the user who owns the data directory' . ($user === '' ? '.' : ": {$user}."));
}
umask(0o077);
is_dir($root . '/locks') || @mkdir($root . '/locks', 0o700);
$lock = is_link($root . '/locks/cleanup.lock') ? false : @fopen($root . '/locks/cleanup.lock', 'cb');
if ($lock === false) {
    $end(EX_CANTCREAT, 'The lock locks/cleanup.lock cannot be made.');
}
if (!flock($lock, LOCK_EX | LOCK_NB)) {
    $end(EX_TEMPFAIL, 'Another clean-up is under way.');
}
$items = [];
$tell = static function (string $line) use (&$items, $isJson): void {
    if (!$isJson) {
        echo preg_replace('/[^\x20-\x7E…]/u', '?', $line) ?? '?', "\n";
    } elseif (count($items) < 10_000) {
        $items[] = $line;
    }
};
$report = new CleanupReport($isVerbose ? $tell(...) : null);
(new Cleanup($root, $policy, $report, time(), $isDryRun))->run();
$found = $report->toArray();
if ($isJson) {
    $found = ['dryRun' => $isDryRun] + $found + ($isVerbose ? ['items' => $items] : []);
    echo json_encode($found, JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE | JSON_THROW_ON_ERROR), "\n";
} else {
    echo $isDryRun ? "Would go:\n" : "Removed:\n";
    foreach ($found['counts'] as $kind => ['removed' => $removed, 'kept' => $kept, 'bytes' => $bytes]) {
        printf("  %-18s %6d   kept %d%s\n", $kind, $removed, $kept, $bytes > 0 ? ", {$bytes} bytes" : '');
    }
    foreach ($found['left'] as ['what' => $kind, 'name' => $name, 'why' => $why]) {
        fwrite(STDERR, "left alone: {$kind} {$name}: {$why}\n");
    }
}
exit($report->leftCount() > 0 ? EX_IOERR : 0);
