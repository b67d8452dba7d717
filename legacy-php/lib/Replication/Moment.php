<?php

declare(strict_types=1);

namespace Donna\Replication;

/** A time as Clock::now() spells it: nothing else sorts as text. */
final class Moment
{
    public static function isOne(mixed $value): bool
    {
        return is_string($value) && preg_match('/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/D', $value) === 1;
    }
}
