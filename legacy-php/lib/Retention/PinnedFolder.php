<?php

declare(strict_types=1);

namespace Donna\Retention;

/**
 * One folder of the data directory as it was found, held as the process's working directory: the system resolves a bare
 * name within that very folder, whatever is put in the place of its path meanwhile. Nothing below a symbolic link is entered.
 */
final class PinnedFolder
{
    private bool $isHeld = true;

    private function __construct(private readonly string $path, private readonly string $before) {}

    /**
     * @param string $root the data directory, resolved
     * @param string $name below it: `tmp`, `sessions/tmp`
     * @return self|'absent'|'unsafe' unsafe: a link, or not below the root
     */
    public static function enter(string $root, string $name): self|string
    {
        $path = $root . ($name === '' ? '' : '/' . $name);
        clearstatcache(true);
        $seen = @lstat($path);
        if ($seen === false) {
            return 'absent';
        }
        $before = (string) getcwd();
        // Both by the system: a link anywhere on the way gives another path.
        if (($seen['mode'] & 0o170000) !== 0o040000 || realpath($path) !== $path || !@chdir($path)) {
            return 'unsafe';
        }
        clearstatcache(true);
        $here = @stat('.');
        if ($here === false || [$here['dev'], $here['ino']] !== [$seen['dev'], $seen['ino']] || getcwd() !== $path) {
            chdir($before);

            return 'unsafe';
        }

        return new self($path, $before);
    }

    /** @return iterable<string> bare names, as they are read: a folder may have a million */
    public function names(): iterable
    {
        $handle = @opendir('.');
        if ($handle === false) {
            return;
        }
        try {
            while (($name = readdir($handle)) !== false) {
                if ($name !== '.' && $name !== '..') {
                    yield $name;
                }
            }
        } finally {
            closedir($handle);
        }
    }

    /** @return array<string, int>|null of the entry itself; null for what is gone, and for all that is no regular file */
    public function file(string $name): ?array
    {
        if (!$this->isSame()) {
            return null;
        }
        clearstatcache(true);
        $entry = @lstat($name);

        return $entry !== false && ($entry['mode'] & 0o170000) === 0o100000 ? $entry : null;
    }

    /** Removes an entry of this folder, which may be anything but a folder; a link goes, not what it names. */
    public function remove(string $name): bool
    {
        return $this->isSame() && !str_contains($name, '/') && @unlink($name);
    }

    public function leave(): void
    {
        if ($this->isHeld) {
            $this->isHeld = false;
            $this->before === '' || @chdir($this->before);
        }
    }

    /** A thread-safe PHP keeps the working directory as a text, so that the path has to be looked at each time. */
    private function isSame(): bool
    {
        return $this->isHeld && (!PHP_ZTS || realpath($this->path) === $this->path);
    }
}
