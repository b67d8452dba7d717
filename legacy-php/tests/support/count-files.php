<?php

declare(strict_types=1);

/**
 * Counts the file operations of the request that includes it: it stands in for PHP's own `file://` and adds a line of JSON to
 * DONNA_COUNT_FILE at the end. What PHP does below its stream layer (the temporary file of an upload) is not seen.
 */

namespace Donna\Tests {
    /** What one request has done to files, by their place: `data`, `source` or `other`. */
    final class FileCount
    {
        /** @var array<string, array<string, int>> place → operation → count */
        public static array $operations = ['data' => [], 'source' => [], 'other' => []];

        /** @var array<string, array<string, int>> operation → path below the data directory → count */
        public static array $paths = [];

        public static function add(string $operation, string $path): void
        {
            $data = (string) ($_SERVER['DONNA_DATA_DIR'] ?? getenv('DONNA_DATA_DIR'));
            $place = match (true) {
                str_starts_with($path, $data . '/') || $path === $data => 'data',
                str_starts_with($path, dirname(__DIR__, 2) . '/') => 'source',
                default => 'other',
            };
            self::$operations[$place][$operation] = (self::$operations[$place][$operation] ?? 0) + 1;
            if ($place === 'data') {
                $below = substr($path, strlen($data) + 1);
                self::$paths[$operation][$below] = (self::$paths[$operation][$below] ?? 0) + 1;
            }
        }

        public static function tell(): void
        {
            stream_wrapper_restore('file');
            $line = json_encode([
                'method' => $_SERVER['REQUEST_METHOD'] ?? '',
                'target' => $_SERVER['REQUEST_URI'] ?? '',
                'operations' => self::$operations,
                'paths' => self::$paths,
                'peak' => memory_get_peak_usage(),
            ]);
            file_put_contents((string) ($_SERVER['DONNA_COUNT_FILE'] ?? getenv('DONNA_COUNT_FILE')), $line . "\n", FILE_APPEND | LOCK_EX);
        }
    }

    /** `file://` with every operation counted, then done. Names of methods: PHP's streamWrapper. */
    final class CountingFiles
    {
        private const CHANGES = [STREAM_META_TOUCH => 'touch', STREAM_META_ACCESS => 'chmod'];

        /** @var ?resource */
        public $context;

        /** @var resource */
        private $handle;

        private string $path = '';
        private bool $isWritten = false;

        public static function start(): void
        {
            stream_wrapper_unregister('file');
            stream_wrapper_register('file', self::class);
        }

        public function stream_open(string $path, string $mode, int $options): bool
        {
            FileCount::add('open', $path);
            $this->path = $path;
            $handle = self::natively(static fn() => @fopen($path, $mode));
            if ($handle === false) {
                return false;
            }
            $this->handle = $handle;

            return true;
        }

        public function stream_read(int $count): string|false
        {
            return fread($this->handle, $count);
        }

        public function stream_write(string $bytes): int
        {
            if (!$this->isWritten) {
                $this->isWritten = true;
                FileCount::add('write', $this->path);
            }

            return (int) @fwrite($this->handle, $bytes);
        }

        public function stream_lock(int $operation): bool
        {
            if (($operation & LOCK_UN) !== LOCK_UN) {
                FileCount::add('lock', $this->path);
            }

            return flock($this->handle, $operation);
        }

        public function stream_truncate(int $size): bool
        {
            return ftruncate($this->handle, max(0, $size));
        }

        /** For the fsync() below: PHP has none for streams like this one. */
        public static function sync(mixed $stream): bool
        {
            $wrapper = stream_get_meta_data($stream)['wrapper_data'] ?? null;
            if (!$wrapper instanceof self) {
                return \fsync($stream);
            }
            FileCount::add('sync', $wrapper->path);

            return \fsync($wrapper->handle);
        }

        public function stream_eof(): bool
        {
            return feof($this->handle);
        }

        public function stream_tell(): int
        {
            return (int) ftell($this->handle);
        }

        public function stream_seek(int $offset, int $whence): bool
        {
            return fseek($this->handle, $offset, $whence) === 0;
        }

        public function stream_flush(): bool
        {
            return fflush($this->handle);
        }

        public function stream_close(): void
        {
            fclose($this->handle);
        }

        /** @return array<int|string, int>|false */
        public function stream_stat(): array|false
        {
            return fstat($this->handle);
        }

        public function stream_set_option(int $option, int $first, ?int $second): bool
        {
            return false;
        }

        public function stream_metadata(string $path, int $option, mixed $value): bool
        {
            FileCount::add(self::CHANGES[$option] ?? 'chown', $path);

            return self::natively(static fn(): bool => match ($option) {
                STREAM_META_TOUCH => @touch($path, ...$value),
                STREAM_META_ACCESS => @chmod($path, $value),
                default => false,
            });
        }

        /** @return array<int|string, int>|false */
        public function url_stat(string $path, int $flags): array|false
        {
            FileCount::add('stat', $path);
            $isLink = ($flags & STREAM_URL_STAT_LINK) !== 0;

            return self::natively(static fn(): array|false => $isLink ? @lstat($path) : @stat($path));
        }

        public function unlink(string $path): bool
        {
            FileCount::add('unlink', $path);

            return self::natively(static fn(): bool => @unlink($path));
        }

        public function rename(string $from, string $to): bool
        {
            FileCount::add('rename', $to);

            return self::natively(static fn(): bool => @rename($from, $to));
        }

        public function mkdir(string $path, int $mode, int $options): bool
        {
            FileCount::add('mkdir', $path);

            return self::natively(static fn(): bool => @mkdir($path, $mode, ($options & STREAM_MKDIR_RECURSIVE) !== 0));
        }

        public function dir_opendir(string $path): bool
        {
            FileCount::add('scan', $path);
            $handle = self::natively(static fn() => @opendir($path));
            if ($handle === false) {
                return false;
            }
            $this->handle = $handle;

            return true;
        }

        public function dir_readdir(): string|false
        {
            return readdir($this->handle);
        }

        public function dir_closedir(): bool
        {
            closedir($this->handle);

            return true;
        }

        public function dir_rewinddir(): bool
        {
            rewinddir($this->handle);

            return true;
        }

        private static function natively(\Closure $do): mixed
        {
            stream_wrapper_restore('file');
            try {
                return $do();
            } finally {
                self::start();
            }
        }
    }

    register_shutdown_function(FileCount::tell(...));
    CountingFiles::start();
}

namespace Donna\Storage {
    /** @param resource $stream */
    function fsync($stream): bool
    {
        return \Donna\Tests\CountingFiles::sync($stream);
    }

    /** No sweep by chance: the counts are the same each time. */
    function random_int(int $min, int $max): int
    {
        return $max;
    }
}

namespace Donna\Identity {
    function random_int(int $min, int $max): int
    {
        return $max;
    }
}
