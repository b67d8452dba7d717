<?php

declare(strict_types=1);

namespace Donna\Identity;

use Donna\Storage\AtomicFile;
use Donna\Storage\FileLock;

/**
 * Session files that can be read while another request holds the session: writes are atomic renames, so a reader needs
 * no lock. PHP's own handler locks readers too and creates a file for an unknown id.
 */
final class SessionFiles implements \SessionHandlerInterface, \SessionIdInterface, \SessionUpdateTimestampHandlerInterface
{
    public const IDLE_SECONDS = 8 * 3600;
    private const TOUCH_SECONDS = 300;

    /** @var ?resource */
    private $lock = null;

    public function __construct(private readonly string $directory) {}

    /** Held by who changes a session; its folder is there once a session was begun. */
    public static function lockFile(string $directory, string $id): string
    {
        return sprintf('%s/locks/%02x.lock', $directory, crc32($id) % 256);
    }

    public static function isId(string $id): bool
    {
        return preg_match('/^[A-Za-z0-9,-]{22,128}$/D', $id) === 1;
    }

    /** @return ?string what a session holds, without its lock; null when there is none that counts */
    public function peek(string $id): ?string
    {
        $handle = self::isId($id) ? @fopen($this->path($id), 'rb') : false;
        if ($handle === false) {
            return null;
        }
        $changed = fstat($handle)['mtime'] ?? 0;
        $bytes = $changed < time() - self::IDLE_SECONDS ? false : stream_get_contents($handle);
        fclose($handle);
        if ($bytes !== false && $changed < time() - self::TOUCH_SECONDS) {
            @touch($this->path($id));
        }

        return $bytes === false ? null : $bytes;
    }

    public function exists(string $id): bool
    {
        if (!self::isId($id)) {
            return false;
        }
        $changed = @filemtime($this->path($id));

        return $changed !== false && $changed >= time() - self::IDLE_SECONDS;
    }

    public function open(string $path, string $name): bool
    {
        return true;
    }

    public function close(): bool
    {
        if ($this->lock !== null) {
            FileLock::release($this->lock);
            fclose($this->lock);
            $this->lock = null;
        }

        return true;
    }

    public function read(string $id): string
    {
        if (!self::isId($id)) {
            return '';
        }
        $lock = AtomicFile::open(self::lockFile($this->directory, $id), 'cb');
        if ($lock !== null) {
            FileLock::exclusive($lock);
            $this->lock = $lock;
        }
        clearstatcache();

        return $this->peek($id) ?? '';
    }

    public function write(string $id, string $data): bool
    {
        if (!self::isId($id)) {
            return false;
        }
        AtomicFile::write($this->path($id), $data, $this->directory . '/tmp');

        return true;
    }

    public function destroy(string $id): bool
    {
        $this->remove($id);

        return true;
    }

    /** @return bool whether there was one */
    public function remove(string $id): bool
    {
        return self::isId($id) && @unlink($this->path($id));
    }

    public function gc(int $max_lifetime): int
    {
        $removed = 0;
        foreach (@scandir($this->directory) ?: [] as $entry) {
            $file = $this->directory . '/' . $entry;
            if (str_starts_with($entry, 'sess_') && (int) @filemtime($file) < time() - self::IDLE_SECONDS && @unlink($file)) {
                $removed++;
            }
        }

        return $removed;
    }

    public function create_sid(): string
    {
        return bin2hex(random_bytes(24));
    }

    public function validateId(string $id): bool
    {
        return $this->exists($id);
    }

    public function updateTimestamp(string $id, string $data): bool
    {
        return $this->write($id, $data);
    }

    private function path(string $id): string
    {
        return $this->directory . '/sess_' . $id;
    }
}
