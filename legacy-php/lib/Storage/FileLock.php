<?php

declare(strict_types=1);

namespace Donna\Storage;

/** flock that never stops a request where the platform has no locks (PHP in WebAssembly: one writer a runtime). */
final class FileLock
{
    /** @param resource $handle */
    public static function exclusive($handle): void
    {
        @flock($handle, LOCK_EX);
    }

    /** @param resource $handle */
    public static function release($handle): void
    {
        @flock($handle, LOCK_UN);
    }
}
