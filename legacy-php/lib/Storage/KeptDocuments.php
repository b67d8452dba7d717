<?php

declare(strict_types=1);

namespace Donna\Storage;

/**
 * What a request has overwritten, kept until the gateway asks for it: by that, a write can be done again elsewhere from where it
 * began, and compared. Only for requests of which the gateway says so, signed; taken once, and swept after some minutes.
 */
final class KeptDocuments
{
    public const FOLDER = '/before';
    private const STALE_SECONDS = 300;
    private const MAX_BYTES = 1_048_576;
    /** Of an owner at a time: whoever leaves before he is answered has his not taken, and could fill the disk. */
    private const MAX_OF_OWNER = 8;

    /** @var array<string, ?string> name → the bytes before the first write of this request; null where there were none */
    private array $first = [];

    /** @param string $as 32 hex digits, of this request alone */
    public function __construct(private readonly string $directory, private readonly string $as) {}

    /** Never fails: what is not kept is not compared. */
    public function keep(string $name, ?string $before, string $versionAfter): void
    {
        // An owner's: nothing else is asked for.
        if (!str_contains($name, '/')) {
            return;
        }
        if (!array_key_exists($name, $this->first)) {
            $this->first[$name] = $before;
        }
        $bytes = $this->first[$name];
        $file = self::file($this->directory, $this->as, $name);
        try {
            AtomicFile::directory($this->directory);
            $isBounded = strlen($bytes ?? '') <= self::MAX_BYTES && self::others($this->directory, $file, $name) < self::MAX_OF_OWNER;
            $head = json_encode(['after' => $versionAfter, 'isNew' => $bytes === null], JSON_THROW_ON_ERROR);
            $text = $head . "\n" . $bytes;
            if ($isBounded && @file_put_contents($file, $text) === strlen($text)) {
                @chmod($file, 0o600);

                return;
            }
            @unlink($file);
            @touch(self::mark($this->directory, $name));
        } catch (\Throwable) {
        }
    }

    /**
     * Takes what was kept of a document, once.
     *
     * @return ?array{after: ?string, before: ?string} null when nothing was: the request has written nothing; `after` is null where
     *         that is not known, since lately not all of this document was kept
     */
    public static function take(string $directory, string $as, string $name): ?array
    {
        $file = self::file($directory, $as, $name);
        $text = @file_get_contents($file);
        if ($text === false) {
            $mark = self::mark($directory, $name);
            clearstatcache(true, $mark);

            return self::isStale($mark) ? null : ['after' => null, 'before' => null];
        }
        @unlink($file);
        [$line, $bytes] = explode("\n", $text, 2) + [1 => ''];
        $head = json_decode($line, true);

        return is_array($head) && is_string($head['after'] ?? null)
            ? ['after' => $head['after'], 'before' => ($head['isNew'] ?? null) === true ? null : $bytes]
            : null;
    }

    /** Removes what nobody has taken. */
    public static function sweep(string $directory): void
    {
        foreach (@scandir($directory) ?: [] as $entry) {
            if ($entry[0] !== '.' && self::isStale($directory . '/' . $entry)) {
                @unlink($directory . '/' . $entry);
            }
        }
    }

    /** How much is kept of a document for other requests. */
    private static function others(string $directory, string $file, string $name): int
    {
        self::sweep($directory);
        $ending = self::ending($name);
        $isOther = static fn(string $entry): bool => str_ends_with($entry, $ending) && $entry !== basename($file);

        return count(array_filter(@scandir($directory) ?: [], $isOther));
    }

    private static function isStale(string $path): bool
    {
        return (int) @filemtime($path) < time() - self::STALE_SECONDS;
    }

    private static function file(string $directory, string $as, string $name): string
    {
        return $directory . '/' . $as . self::ending($name);
    }

    /** Stands there for some minutes when something was not kept. */
    private static function mark(string $directory, string $name): string
    {
        return $directory . '/' . strtr($name, '/', '-') . '.unkept';
    }

    private static function ending(string $name): string
    {
        return '-' . strtr($name, '/', '-') . '.kept';
    }
}
