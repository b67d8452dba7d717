<?php

declare(strict_types=1);

namespace Donna\Retention;

use Donna\Identity\SessionFiles;
use Donna\Identity\User;
use Donna\Storage\FileLock;

/** The sessions in which one user is signed in: found by looking into each. */
final class PersonSessions
{
    private const MAX_BYTES = 65536;

    public function __construct(private readonly string $directory, private readonly string $subject) {}

    /** @return list<array{signed_in_at: ?int, last_used_at: ?int}> without the ids, which are keys */
    public function all(): array
    {
        $found = [];
        foreach ($this->files() as $file) {
            $data = $this->read($file);
            if ($this->isTheirs($data)) {
                $used = @filemtime($this->directory . '/' . $file);
                $found[] = ['signed_in_at' => is_int($data['signed_in_at'] ?? null) ? $data['signed_in_at'] : null, 'last_used_at' => $used === false ? null : $used];
            }
        }

        return $found;
    }

    /** Each in turn with the request that may hold it, so that none is written again. */
    public function end(): void
    {
        foreach ($this->files() as $file) {
            if (!$this->isTheirs($this->read($file))) {
                continue;
            }
            $lock = @fopen(SessionFiles::lockFile($this->directory, substr($file, 5)), 'rb');
            if ($lock !== false) {
                FileLock::exclusive($lock);
            }
            try {
                @unlink($this->directory . '/' . $file);
            } finally {
                if ($lock !== false) {
                    FileLock::release($lock);
                    fclose($lock);
                }
            }
        }
    }

    /** @return iterable<string> */
    private function files(): iterable
    {
        $handle = is_dir($this->directory) ? @opendir($this->directory) : false;
        if ($handle === false) {
            return;
        }
        try {
            while (($file = readdir($handle)) !== false) {
                if (str_starts_with($file, 'sess_') && SessionFiles::isId(substr($file, 5))) {
                    yield $file;
                }
            }
        } finally {
            closedir($handle);
        }
    }

    /** @return array<mixed> */
    private function read(string $file): array
    {
        $bytes = @file_get_contents($this->directory . '/' . $file, false, null, 0, self::MAX_BYTES);
        $data = is_string($bytes) ? @unserialize($bytes, ['allowed_classes' => false]) : false;

        return is_array($data) ? $data : [];
    }

    /** @param array<mixed> $data */
    private function isTheirs(array $data): bool
    {
        return User::fromArray($data['user'] ?? null)?->id === $this->subject;
    }
}
