<?php

declare(strict_types=1);

namespace Donna\Storage;

/** Named JSON documents below the data directory. Reads take no lock (writes are atomic); updates are serial per name. */
final class JsonStore
{
    private const LOCK_STRIPES = 64;

    private bool $isUpdating = false;

    /** @param ?KeptDocuments $kept where what this request overwrites is kept for a moment */
    public function __construct(private readonly string $directory, private readonly ?KeptDocuments $kept = null) {}

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
        $bytes = $this->bytes($name);

        return $bytes === null ? $default : Stored::parse($bytes)->document;
    }

    /** The stored bytes; null when the document was never written. */
    public function bytes(string $name): ?string
    {
        $bytes = @file_get_contents($this->path($name));

        return $bytes === false ? null : $bytes;
    }

    /**
     * Read, change, write, as one step among all processes. The document's stamp stays.
     *
     * @param callable(array<mixed>): ?array<mixed> $change answers the new document; null leaves it as it is
     * @param array<mixed> $default
     */
    public function update(string $name, callable $change, array $default = []): void
    {
        $this->updateStored($name, static function (?Stored $old) use ($change, $default): ?Stored {
            $document = $change($old?->document ?? $default);

            return $document === null ? null : new Stored($document, $old?->stamp);
        });
    }

    /**
     * The same with what is stored beside the document.
     *
     * @param callable(?Stored, ?string): ?Stored $change is given null where nothing is stored, and the stored bytes
     * @return string the version afterwards
     */
    public function updateStored(string $name, callable $change): string
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
            $bytes = $this->bytes($name);
            $stored = $change($bytes === null ? null : Stored::parse($bytes), $bytes);
            if ($stored === null) {
                return Stored::version($bytes);
            }
            $before = $bytes;
            $bytes = $stored->bytes();
            AtomicFile::write($this->path($name), $bytes, $this->directory . '/tmp');
            $this->kept?->keep($name, $before, Stored::version($bytes));

            return Stored::version($bytes);
        } finally {
            FileLock::release($lock);
            fclose($lock);
            $this->isUpdating = false;
        }
    }

    /** @return ?array{after: string, before: ?string} what a request has overwritten of a document; null when it wrote nothing */
    public function takeKept(string $as, string $name): ?array
    {
        return KeptDocuments::take($this->directory . KeptDocuments::FOLDER, $as, $name);
    }

    /** Keeps bytes that are about to be overwritten, for people. */
    public function keepAside(string $name, string $bytes): void
    {
        $file = strtr($name, '/', '-') . '-' . substr(Stored::version($bytes), 0, 16);
        AtomicFile::write($this->directory . '/replaced/' . $file . '.json', $bytes, $this->directory . '/tmp');
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
