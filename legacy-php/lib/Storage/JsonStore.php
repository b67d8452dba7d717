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

    /**
     * The stored bytes; null when the document was never written.
     *
     * @throws UnreadableException where there is one: to take it for none would be to lose it with the next write
     */
    public function bytes(string $name): ?string
    {
        $path = $this->path($name);
        $bytes = @file_get_contents($path);
        if ($bytes !== false) {
            return $bytes;
        }
        clearstatcache(true, $path);
        $folder = dirname($path);
        if (@lstat($path) === false && (!is_dir($folder) || @lstat($folder . '/.') !== false)) {
            return null;
        }
        // It may have been written in between.
        $bytes = @file_get_contents($path);

        return $bytes === false ? throw new UnreadableException('A stored document cannot be read.') : $bytes;
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
            if (random_int(1, 100) === 1) {
                // Where nothing is kept any more, nobody else would.
                KeptDocuments::sweep($this->directory . KeptDocuments::FOLDER);
            }

            return Stored::version($bytes);
        } finally {
            FileLock::release($lock);
            fclose($lock);
            $this->isUpdating = false;
        }
    }

    /** @return ?array{after: ?string, before: ?string} what a request has overwritten of a document (KeptDocuments::take) */
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

    /**
     * @return list<string> the names of all documents in a folder
     * @throws UnreadableException where there is one that cannot be looked into
     */
    public function names(string $folder): array
    {
        // Not glob(): it would read brackets in the path as a pattern, and tell of no fault.
        $path = $this->directory . '/' . $folder;
        $entries = is_dir($path) ? @scandir($path) : [];
        if ($entries === false) {
            throw new UnreadableException('A folder of documents cannot be read.');
        }
        $names = [];
        foreach ($entries as $entry) {
            if (str_ends_with($entry, '.json')) {
                $names[] = $folder . '/' . basename($entry, '.json');
            }
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
