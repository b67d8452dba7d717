<?php

declare(strict_types=1);

namespace Donna\Http;

use Donna\Storage\AtomicFile;
use Donna\Storage\FileLock;

/**
 * Fixed windows in 64 small files, each under its own lock. A counter that cannot be kept lets the request pass:
 * PHP's limit is the second line behind the gateway's.
 */
final class RateLimiter
{
    private const SHARDS = 64;
    private const MAX_KEYS = 2000;
    private const TIDY_KEYS = 64;

    public function __construct(private readonly string $directory) {}

    /** Counts one hit; answers the seconds to wait when the limit is passed, else 0. */
    public function hit(string $key, int $limit, int $windowSeconds, int $now): int
    {
        $wait = 0;
        $this->change($key, static function (array $keys, string $id) use ($limit, $windowSeconds, $now, &$wait): array {
            [$count, $until] = $keys[$id] ?? [0, 0];
            if ($until <= $now) {
                [$count, $until] = [0, $now + $windowSeconds];
            }
            if ($count >= $limit) {
                $wait = max(1, $until - $now);

                return $keys;
            }
            unset($keys[$id]);
            $keys[$id] = [$count + 1, $until];
            // Whoever has not come again is forgotten before the file grows: each hit reads all of it.
            if (count($keys) > self::TIDY_KEYS) {
                $keys = array_filter($keys, static fn(array $entry): bool => $entry[1] > $now);
                $keys = array_slice($keys, -self::MAX_KEYS, null, true);
            }

            return $keys;
        });

        return $wait;
    }

    /** Forgets a key, after a sign-in that succeeded. */
    public function clear(string $key): void
    {
        $this->change($key, static function (array $keys, string $id): array {
            unset($keys[$id]);

            return $keys;
        });
    }

    /** @param callable(array<string, array{int, int}>, string): array<string, array{int, int}> $change */
    private function change(string $key, callable $change): void
    {
        $id = substr(hash('sha256', $key), 0, 32);
        try {
            $handle = AtomicFile::open(sprintf('%s/%02x.json', $this->directory, hexdec(substr($id, 0, 2)) % self::SHARDS), 'c+b');
        } catch (\RuntimeException) {
            return;
        }
        if ($handle === null) {
            return;
        }
        FileLock::exclusive($handle);
        $keys = json_decode((string) stream_get_contents($handle), true);
        $before = is_array($keys) ? $keys : [];
        $after = $change($before, $id);
        if ($after !== $before) {
            rewind($handle);
            ftruncate($handle, 0);
            fwrite($handle, (string) json_encode((object) $after));
            fflush($handle);
        }
        FileLock::release($handle);
        fclose($handle);
    }
}
