<?php

declare(strict_types=1);

namespace Donna;

/** The one spelling of a moment in stored data and answers: UTC, ISO 8601, milliseconds. */
final class Clock
{
    public static function now(): string
    {
        return (new \DateTimeImmutable('now', new \DateTimeZone('UTC')))->format('Y-m-d\TH:i:s.v\Z');
    }

    public static function before(int $seconds): string
    {
        return (new \DateTimeImmutable('@' . (time() - $seconds)))->format('Y-m-d\TH:i:s.v\Z');
    }
}
