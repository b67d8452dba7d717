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
        if (strlen($bytes ?? '') > self::MAX_BYTES) {
            return;
        }
        try {
            AtomicFile::directory($this->directory);
            $file = self::file($this->directory, $this->as, $name);
            $head = json_encode(['after' => $versionAfter, 'isNew' => $bytes === null], JSON_THROW_ON_ERROR);
            if (@file_put_contents($file, $head . "\n" . $bytes) === false) {
                return;
            }
            @chmod($file, 0o600);
            if (random_int(1, 50) === 1) {
                self::sweep($this->directory);
            }
        } catch (\Throwable) {
        }
    }

    /**
     * Takes what was kept of a document, once.
     *
     * @return ?array{after: string, before: ?string} null when nothing was: the request has written nothing
     */
    public static function take(string $directory, string $as, string $name): ?array
    {
        $file = self::file($directory, $as, $name);
        $text = @file_get_contents($file);
        if ($text === false) {
            return null;
        }
        @unlink($file);
        [$line, $bytes] = explode("\n", $text, 2) + [1 => ''];
        $head = json_decode($line, true);

        return is_array($head) && is_string($head['after'] ?? null)
            ? ['after' => $head['after'], 'before' => ($head['isNew'] ?? null) === true ? null : $bytes]
            : null;
    }

    private static function sweep(string $directory): void
    {
        foreach (glob($directory . '/*.kept') ?: [] as $file) {
            if ((int) @filemtime($file) < time() - self::STALE_SECONDS) {
                @unlink($file);
            }
        }
    }

    private static function file(string $directory, string $as, string $name): string
    {
        return $directory . '/' . $as . '-' . strtr($name, '/', '-') . '.kept';
    }
}
