<?php

declare(strict_types=1);

namespace Donna\Storage;

/**
 * Named JSON documents below the data directory. Reads take no lock (writes are atomic) and make nothing; updates are serial per
 * name.
 */
final class JsonStore
{
    private const LOCK_STRIPES = 64;
    /** What is remembered of documents for the rest of a request, so that it opens each once. */
    private const MAX_REMEMBERED = 8;
    private const MAX_REMEMBERED_BYTES = 262144;

    private bool $isUpdating = false;

    /** @var array<string, ?array<mixed>> name → document as it was last seen; null where there was none */
    private array $remembered = [];

    /**
     * @param ?KeptDocuments $kept where what this request overwrites is kept for a moment
     * @param bool $isOfRequest serves one request: what it has read it does not open again
     */
    public function __construct(
        private readonly string $directory,
        private readonly ?KeptDocuments $kept = null,
        private readonly bool $isOfRequest = false,
    ) {}

    /** A name for a user's document, safe whatever the user id looks like. */
    public static function nameFor(string $folder, string $owner): string
    {
        return $folder . '/' . substr(hash('sha256', $owner), 0, 40);
    }

    /**
     * A document; within a request as it was first seen, or left.
     *
     * @param array<mixed> $default what a document that was never written holds
     * @return array<mixed>
     */
    public function read(string $name, array $default = []): array
    {
        if (array_key_exists($name, $this->remembered)) {
            return $this->remembered[$name] ?? $default;
        }
        $bytes = $this->bytes($name);
        $document = $bytes === null ? null : Stored::parse($bytes)->document;
        $this->remember($name, $document, strlen($bytes ?? ''));

        return $document ?? $default;
    }

    /**
     * The documents of a folder, one at a time.
     *
     * @param int $since a document whose file was last changed before this second is left out
     * @return iterable<string, array<mixed>> by name
     * @throws UnreadableException
     */
    public function each(string $folder, int $since = 0): iterable
    {
        foreach ($this->names($folder) as $name) {
            $changed = $since > 0 ? @filemtime($this->path($name)) : false;
            if ($changed !== false && $changed < $since) {
                continue;
            }
            $bytes = $this->bytes($name);
            if ($bytes !== null) {
                yield $name => Stored::parse($bytes)->document;
            }
        }
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
        if (@lstat($path) === false && (@lstat($folder . '/.') !== false || !is_dir($folder))) {
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
        $lock = $this->lock($name);
        $this->isUpdating = true;
        try {
            $bytes = $this->bytes($name);
            $old = $bytes === null ? null : Stored::parse($bytes);
            $stored = $change($old, $bytes);
            if ($stored === null) {
                $this->remember($name, $old?->document, strlen($bytes ?? ''));

                return Stored::version($bytes);
            }
            (new ErasedOwners($this->directory))->refuse($name);
            $before = $bytes;
            $bytes = $stored->bytes();
            AtomicFile::write($this->path($name), $bytes, $this->directory . '/tmp');
            $this->remember($name, $stored->document, strlen($bytes));
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

    /**
     * Removes a document, in turn with those who update it.
     *
     * @param ?callable(): bool $remove does so instead, or not: by then nobody else can change it
     * @return bool false when there was none, or it was left
     */
    public function remove(string $name, ?callable $remove = null): bool
    {
        $lock = $this->lock($name);
        try {
            $path = $this->path($name);
            if ($remove !== null) {
                return $remove();
            }
            if (@lstat($path) === false) {
                return false;
            }

            return @unlink($path) || throw new \RuntimeException('A stored document cannot be removed.');
        } finally {
            FileLock::release($lock);
            fclose($lock);
        }
    }

    /** Whether an owner was erased a moment ago, for a shared document: ask within its update. */
    public function isErased(string $owner): bool
    {
        return (new ErasedOwners($this->directory))->has(basename(self::nameFor('owner', $owner)));
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

    /**
     * Waits until nobody else changes the document; what was seen of it before no longer counts.
     *
     * @return resource
     */
    private function lock(string $name)
    {
        $lock = AtomicFile::open(sprintf('%s/locks/%02x.lock', $this->directory, crc32($name) % self::LOCK_STRIPES), 'cb')
            ?? throw new \RuntimeException('The store cannot be locked.');
        FileLock::exclusive($lock);
        clearstatcache();
        unset($this->remembered[$name]);

        return $lock;
    }

    /** @param ?array<mixed> $document */
    private function remember(string $name, ?array $document, int $bytes): void
    {
        unset($this->remembered[$name]);
        if ($this->isOfRequest && $bytes <= self::MAX_REMEMBERED_BYTES) {
            $this->remembered[$name] = $document;
            if (count($this->remembered) > self::MAX_REMEMBERED) {
                unset($this->remembered[array_key_first($this->remembered)]);
            }
        }
    }

    private function path(string $name): string
    {
        if (preg_match('~^[a-z0-9-]+(?:/[a-z0-9-]+)?$~D', $name) !== 1) {
            throw new \LogicException('Not a document name.');
        }

        return $this->directory . '/' . $name . '.json';
    }
}
