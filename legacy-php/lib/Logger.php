<?php

declare(strict_types=1);

namespace Donna;

/** One JSON line per event on stderr. Callers pass codes and counts, never addresses, texts or names of persons. */
final class Logger
{
    private const LEVELS = ['debug' => 10, 'info' => 20, 'warn' => 30, 'error' => 40];

    public function __construct(private readonly string $traceId, private readonly string $threshold = 'info') {}

    /** @param array<string, scalar|null> $facts */
    public function log(string $level, string $event, array $facts = []): void
    {
        if ((self::LEVELS[$level] ?? 20) < (self::LEVELS[$this->threshold] ?? 20)) {
            return;
        }
        $line = json_encode(
            ['time' => gmdate('Y-m-d\TH:i:s\Z'), 'level' => $level, 'service' => 'donna-api', 'event' => $event, 'traceId' => $this->traceId] + $facts,
            JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE | JSON_PARTIAL_OUTPUT_ON_ERROR,
        );
        if (PHP_SAPI === 'cli-server' || PHP_SAPI === 'cli') {
            // error_log() puts a date before each line here, which would spoil the JSON.
            $written = @file_put_contents('php://stderr', $line . "\n");
            if ($written !== false) {
                return;
            }
        }
        error_log((string) $line);
    }
}
