<?php

declare(strict_types=1);

namespace Donna\Storage;

/** Named JSON documents below the data directory. Reads take no lock (writes are atomic); updates are serial per name. */
final class JsonStore
{
    private const LOCK_STRIPES = 64;

    private bool $isUpdating = false;

    public function __construct(private readonly string $directory) {}

    /** A name for a user's document, safe whatever the user id looks like. */
    public static function nameFor(string $folder, string $owner): string
    {
        return $folder . '/' . substr(hash('sha256', $owner), 0, 40);
    }

    /**
     * @param array<mixed> $default what a document that was never written holds
     * @return array<mixed>
     */
    public function read(string $name, array $default = []): array
    {
        $text = @file_get_contents($this->path($name));
        if ($text === false) {
            return $default;
        }
        $document = json_decode($text, true, 64);
        if (!is_array($document)) {
            throw new \RuntimeException('A stored document is damaged.');
        }

        return $document;
    }

    /**
     * Read, change, write, as one step among all processes.
     *
     * @param callable(array<mixed>): ?array<mixed> $change answers the new document; null leaves it as it is
     * @param array<mixed> $default
     */
    public function update(string $name, callable $change, array $default = []): void
    {
        if ($this->isUpdating) {
            throw new \LogicException('Updates must not nest: two of them could wait for each other.');
        }
        AtomicFile::directory($this->directory . '/locks');
        $lock = @fopen(sprintf('%s/locks/%02x.lock', $this->directory, crc32($name) % self::LOCK_STRIPES), 'cb');
        if ($lock === false) {
            throw new \RuntimeException('The store cannot be locked.');
        }
        $this->isUpdating = true;
        FileLock::exclusive($lock);
        try {
            clearstatcache();
            $document = $change($this->read($name, $default));
            if ($document !== null) {
                AtomicFile::write(
                    $this->path($name),
                    json_encode($document, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_PRESERVE_ZERO_FRACTION | JSON_THROW_ON_ERROR),
                    $this->directory . '/tmp',
                );
            }
        } finally {
            FileLock::release($lock);
            fclose($lock);
            $this->isUpdating = false;
        }
    }

    /** @return list<string> the names of all documents in a folder */
    public function names(string $folder): array
    {
        $names = [];
        foreach (glob($this->directory . '/' . $folder . '/*.json') ?: [] as $file) {
            $names[] = $folder . '/' . basename($file, '.json');
        }

        return $names;
    }

    private function path(string $name): string
    {
        if (preg_match('~^[a-z0-9-]+(?:/[a-z0-9-]+)?$~D', $name) !== 1) {
            throw new \LogicException('Not a document name.');
        }

        return $this->directory . '/' . $name . '.json';
    }
}
