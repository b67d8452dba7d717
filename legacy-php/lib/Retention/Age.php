<?php

declare(strict_types=1);

namespace Donna\Retention;

/** How old things are, by clocks that need not be right. */
final class Age
{
    /** A file's time of change may lie this far ahead: another machine wrote it. */
    private const SKEW_SECONDS = 86400;

    /**
     * @param array<string, int> $entry of lstat()
     * @return ?int seconds; null when it says to be from the future, so that its age is not known
     */
    public static function ofFile(array $entry, int $now): ?int
    {
        // Anybody may set the time of change, and nobody the one that the system keeps beside it.
        $changed = $entry['mtime'] > $now ? $entry['ctime'] : $entry['mtime'];

        return $changed > $now + self::SKEW_SECONDS ? null : max(0, $now - $changed);
    }

    /** A moment as Clock::now() spells it, some seconds ago. */
    public static function before(int $now, int $seconds): string
    {
        return gmdate('Y-m-d\TH:i:s', $now - $seconds) . '.000Z';
    }
}
