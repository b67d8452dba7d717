<?php

declare(strict_types=1);

namespace Donna\Logging;

/**
 * A file of log lines that is put aside by size and by day (UTC), and one beside it for errors (`donna.log`, `donna.error.log`). php-fpm's children
 * share them: a line is written under the file's lock, and who finds the file put aside meanwhile takes the new one. Mode 0600; a link, or what is no file, is refused.
 * Ended files are removed by scripts/cleanup_runtime_data.php, and here beyond {@see MAX_ENDED}.
 */
final class LogFile
{
    private const MAX_ENDED = 20;
    private const ATTEMPTS = 5;

    public function __construct(private readonly string $path, private readonly int $maxBytes) {}

    /** False when the line was not written: the caller says it elsewhere. */
    public function write(string $level, string $line): bool
    {
        $isWritten = $this->append($this->path, $line);
        if ($level === 'error') {
            $this->append((string) preg_replace('/(\.log)?$/D', '.error.log', $this->path, 1), $line);
        }

        return $isWritten;
    }

    private function append(string $path, string $line): bool
    {
        // A warning here would be an exception (Kernel), whose handling logs.
        set_error_handler(static fn(): bool => true);
        try {
            for ($attempt = 0; $attempt < self::ATTEMPTS; $attempt++) {
                $handle = self::open($path);
                if ($handle === null) {
                    return false;
                }
                try {
                    if (!flock($handle, LOCK_EX) || !self::isAt($path, $handle)) {
                        continue;
                    }
                    $stat = (array) fstat($handle);
                    if ($stat['size'] > 0 && ($stat['size'] + strlen($line) > $this->maxBytes || gmdate('Ymd', $stat['mtime']) !== gmdate('Ymd'))) {
                        if (rename($path, $path . '.' . gmdate('Ymd\THis\Z') . '-' . getmypid() . '-' . bin2hex(random_bytes(2)))) {
                            self::removeOld($path);
                            continue;
                        }
                    }
                    if (fwrite($handle, $line) === strlen($line)) {
                        return true;
                    }
                    // Half a line, on a full disk: it would swallow the next one.
                    ftruncate($handle, $stat['size']);

                    return false;
                } finally {
                    fclose($handle);
                }
            }

            return false;
        } finally {
            restore_error_handler();
        }
    }

    /** @return resource|null */
    private static function open(string $path)
    {
        // A pipe that nobody reads would hold the request up for good.
        if (!in_array(filetype($path), ['file', false], true)) {
            return null;
        }
        $mask = umask(0o077);
        try {
            $handle = fopen($path, 'ab');
        } finally {
            umask($mask);
        }

        return $handle === false ? null : $handle;
    }

    /**
     * Whether the path still names the file that is open: nobody put it aside, and no link took its place.
     *
     * @param resource $handle
     */
    private static function isAt(string $path, $handle): bool
    {
        clearstatcache(true, $path);
        $named = lstat($path);
        $opened = fstat($handle);

        return $named !== false && $opened !== false && $named['ino'] === $opened['ino'] && ($named['mode'] & 0o170000) === 0o100000;
    }

    private static function removeOld(string $path): void
    {
        $ended = [];
        foreach ((array) scandir(dirname($path)) as $name) {
            if (is_string($name) && preg_match('/^' . preg_quote(basename($path), '/') . '\.[0-9]{8}T[0-9]{6}Z-[0-9]+-[0-9a-f]+$/D', $name) === 1) {
                $ended[] = dirname($path) . '/' . $name;
            }
        }
        // Their names begin with their times.
        rsort($ended);
        foreach (array_slice($ended, self::MAX_ENDED) as $file) {
            unlink($file);
        }
    }
}
