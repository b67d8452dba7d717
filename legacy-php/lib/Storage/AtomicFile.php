<?php

declare(strict_types=1);

namespace Donna\Storage;

/** Whole-file writes: a reader sees the old bytes or the new ones, never a part, and a crash leaves one of both. */
final class AtomicFile
{
    private const STALE_SECONDS = 300;

    public static function write(string $path, string $bytes, string $temporaryDirectory): void
    {
        self::directory(dirname($path));
        self::directory($temporaryDirectory);
        $temporary = $temporaryDirectory . '/' . bin2hex(random_bytes(12)) . '.tmp';
        $handle = @fopen($temporary, 'xb');
        if ($handle === false) {
            throw new \RuntimeException('The store cannot be written.');
        }
        try {
            @chmod($temporary, 0o600);
            // A quota or a disk over the network may refuse as late as that.
            $isOnDisk = @fwrite($handle, $bytes) === strlen($bytes) && @fflush($handle) && (!function_exists('fsync') || @fsync($handle));
            if (!$isOnDisk) {
                throw new \RuntimeException('The store is full.');
            }
            fclose($handle);
            if (!@rename($temporary, $path)) {
                throw new \RuntimeException('The store cannot be written.');
            }
        } catch (\Throwable $e) {
            is_resource($handle) && fclose($handle);
            @unlink($temporary);

            throw $e;
        }
        if (random_int(1, 100) === 1) {
            self::sweep($temporaryDirectory);
        }
    }

    /** Removes what a killed process left half-written. */
    public static function sweep(string $temporaryDirectory): void
    {
        foreach (glob($temporaryDirectory . '/*.tmp') ?: [] as $file) {
            if ((int) @filemtime($file) < time() - self::STALE_SECONDS) {
                @unlink($file);
            }
        }
    }

    public static function directory(string $directory): void
    {
        if (!is_dir($directory) && !@mkdir($directory, 0o700, true) && !is_dir($directory)) {
            throw new \RuntimeException('The store cannot be created.');
        }
    }
}
