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

    public function __construct(private readonly string $directory, private readonly bool $isReadOnly) {}

    public static function isId(string $id): bool
    {
        return preg_match('/^[A-Za-z0-9,-]{22,128}$/D', $id) === 1;
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
        if (!$this->isReadOnly) {
            AtomicFile::directory($this->directory . '/locks');
            $lock = fopen(sprintf('%s/locks/%02x.lock', $this->directory, crc32($id) % 256), 'cb');
            if ($lock !== false) {
                FileLock::exclusive($lock);
                $this->lock = $lock;
            }
            clearstatcache();
        }
        if (!$this->exists($id)) {
            return '';
        }
        if ((int) @filemtime($this->path($id)) < time() - self::TOUCH_SECONDS) {
            @touch($this->path($id));
        }

        return (string) @file_get_contents($this->path($id));
    }

    public function write(string $id, string $data): bool
    {
        if ($this->isReadOnly || !self::isId($id)) {
            return false;
        }
        AtomicFile::write($this->path($id), $data, $this->directory . '/tmp');

        return true;
    }

    public function destroy(string $id): bool
    {
        if (self::isId($id) && is_file($this->path($id))) {
            @unlink($this->path($id));
        }

        return true;
    }

    public function gc(int $max_lifetime): int
    {
        $removed = 0;
        foreach (glob($this->directory . '/sess_*') ?: [] as $file) {
            if ((int) @filemtime($file) < time() - self::IDLE_SECONDS && @unlink($file)) {
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
