<?php

declare(strict_types=1);

namespace Donna\Storage;

/** Whole-file writes: a reader sees the old bytes or the new ones, never a part, and a crash leaves one of both. */
final class AtomicFile
{
    private const STALE_SECONDS = 300;
    /** What PHP keeps of an upload, or of a body above 16 KB, where `upload_tmp_dir` is this directory: as long as a request may take. */
    private const STALE_UPLOAD_SECONDS = 3600;

    public static function write(string $path, string $bytes, string $temporaryDirectory): void
    {
        $temporary = $temporaryDirectory . '/' . bin2hex(random_bytes(12)) . '.tmp';
        $handle = self::open($temporary, 'xb') ?? throw new \RuntimeException('The store cannot be written.');
        try {
            @chmod($temporary, 0o600);
            // A quota or a disk over the network may refuse as late as that.
            $isOnDisk = @fwrite($handle, $bytes) === strlen($bytes) && @fflush($handle) && (!function_exists('fsync') || @fsync($handle));
            if (!$isOnDisk) {
                throw new \RuntimeException('The store is full.');
            }
            fclose($handle);
            if (!@rename($temporary, $path)) {
                self::directory(dirname($path));
                if (!@rename($temporary, $path)) {
                    throw new \RuntimeException('The store cannot be written.');
                }
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

    /**
     * Opens a file, whose directory is made when it turns out to be missing: nearly always it is there.
     *
     * @return ?resource null where it cannot be opened
     */
    public static function open(string $path, string $mode)
    {
        $handle = @fopen($path, $mode);
        if ($handle === false && !is_dir(dirname($path))) {
            self::directory(dirname($path));
            $handle = @fopen($path, $mode);
        }

        return $handle === false ? null : $handle;
    }

    /** Removes what a killed process left: half-written documents, and uploads. */
    public static function sweep(string $temporaryDirectory): void
    {
        $now = time();
        foreach (@scandir($temporaryDirectory) ?: [] as $entry) {
            $life = match (true) {
                str_ends_with($entry, '.tmp') => self::STALE_SECONDS,
                preg_match('/^php[A-Za-z0-9]{6}$/D', $entry) === 1 => self::STALE_UPLOAD_SECONDS,
                default => null,
            };
            $changed = $life === null ? false : @filemtime($temporaryDirectory . '/' . $entry);
            if ($changed !== false && $changed < $now - $life) {
                @unlink($temporaryDirectory . '/' . $entry);
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
