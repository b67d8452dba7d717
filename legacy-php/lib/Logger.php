<?php

declare(strict_types=1);

namespace Donna;

use Donna\Logging\LogFile;
use Donna\Privacy\Cleaner;
use Donna\Privacy\EngineMessage;
use Donna\Privacy\Pseudonyms;

/**
 * One JSON line per event, in the shape of the gateway's log: on stderr, or in DONNA_LOG_FILE. Whatever a caller passes is cleaned first; the
 * text of an event is this program's own.
 */
final class Logger
{
    private const LEVELS = ['debug' => 10, 'info' => 20, 'warn' => 30, 'error' => 40];
    /** A pipe takes so many bytes at once (PIPE_BUF): the lines of several processes never mix. */
    private const MAX_LINE = 4000;

    public function __construct(
        private readonly string $traceId,
        private readonly string $threshold = 'info',
        private readonly Cleaner $cleaner = new Cleaner(null),
        private readonly string $script = '',
        private readonly ?LogFile $file = null,
    ) {}

    public static function fromEnvironment(Environment $env, string $traceId): self
    {
        $secret = $env->get('GATEWAY_IDENTITY_SECRET');
        $file = $env->get('DONNA_LOG_FILE');

        return new self(
            $traceId,
            $env->get('LOG_LEVEL', 'info'),
            new Cleaner($secret === '' ? null : new Pseudonyms($secret)),
            self::script(),
            $file === '' ? null : new LogFile($file, $env->integer('DONNA_LOG_MAX_BYTES', 10_485_760, 65_536, 1_073_741_824)),
        );
    }

    /** @param array<string, mixed> $facts */
    public function log(string $level, string $event, array $facts = []): void
    {
        if ((self::LEVELS[$level] ?? 20) < (self::LEVELS[$this->threshold] ?? 20)) {
            return;
        }
        $head = ['level' => $level, 'time' => self::now(), 'service' => 'donna-api', 'traceId' => $this->traceId]
            + ($this->script === '' ? [] : ['script' => $this->script]);
        $line = self::encode($head + $this->cleaner->line($facts) + ['msg' => $this->cleaner->text($event)]);
        if (strlen($line) > self::MAX_LINE) {
            $line = self::encode($head + ['facts' => 'too long', 'msg' => $this->cleaner->text($event)]);
        }
        if ($this->file?->write($level, $line . "\n") === true) {
            return;
        }
        if (PHP_SAPI === 'cli-server' || PHP_SAPI === 'cli') {
            // error_log() puts a date before each line here, which would spoil the JSON.
            $written = @file_put_contents('php://stderr', $line . "\n");
            if ($written !== false) {
                return;
            }
        }
        error_log($line);
    }

    /** The script that runs, without what a client put behind its name; '' where the server cannot tell. */
    private static function script(): string
    {
        $name = (string) ($_SERVER['SCRIPT_NAME'] ?? '');
        $file = basename((string) ($_SERVER['SCRIPT_FILENAME'] ?? ''));

        return str_ends_with($file, '.php') && str_ends_with($name, '/' . $file) ? $name : '';
    }

    /**
     * An error by class, text (where the engine wrote it) and place; never its arguments.
     *
     * @return array<string, string>
     */
    public function describe(\Throwable $error): array
    {
        return [
            'cause' => $error::class,
            'why' => EngineMessage::of($error, $this->cleaner),
            'at' => basename($error->getFile()) . ':' . $error->getLine(),
        ];
    }

    private static function now(): string
    {
        $now = microtime(true);

        return gmdate('Y-m-d\TH:i:s', (int) $now) . sprintf('.%03dZ', (int) (fmod($now, 1.0) * 1000));
    }

    /** @param array<array-key, mixed> $line */
    private static function encode(array $line): string
    {
        // U+2028 and U+2029 stay escaped: some readers take them for line ends.
        return (string) json_encode($line, JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE | JSON_PARTIAL_OUTPUT_ON_ERROR);
    }
}
