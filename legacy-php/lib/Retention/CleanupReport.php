<?php

declare(strict_types=1);

namespace Donna\Retention;

/** What a run has removed, and what it left alone and why. Names of files and ids only, never what stands in them. */
final class CleanupReport
{
    private const MAX_NOTES = 200;

    /** @var array<string, array{removed: int, kept: int, bytes: int}> */
    private array $counts = [];
    /** @var list<array{what: string, name: string, why: string}> */
    private array $notes = [];
    private int $left = 0;
    private int $unlisted = 0;

    /** @param ?\Closure(string): void $tell is told of each thing as it goes */
    public function __construct(private readonly ?\Closure $tell = null) {}

    public function removed(string $kind, string $name, int $bytes = 0): void
    {
        $this->count($kind);
        $this->counts[$kind]['removed']++;
        $this->counts[$kind]['bytes'] += $bytes;
        $this->tell !== null && ($this->tell)("{$kind}  {$name}");
    }

    public function kept(string $kind, int $count = 1): void
    {
        $this->count($kind);
        $this->counts[$kind]['kept'] += $count;
    }

    /** What could not be looked at or would be unsafe to touch. */
    public function left(string $kind, string $name, string $why): void
    {
        $this->count($kind);
        $this->left++;
        if (count($this->notes) < self::MAX_NOTES) {
            $this->notes[] = ['what' => $kind, 'name' => self::printable($name), 'why' => $why];
        } else {
            $this->unlisted++;
        }
    }

    public function leftCount(): int
    {
        return $this->left;
    }

    /** @return array<string, mixed> */
    public function toArray(): array
    {
        return ['counts' => $this->counts, 'left' => $this->notes, 'leftUnlisted' => $this->unlisted];
    }

    private function count(string $kind): void
    {
        $this->counts[$kind] ??= ['removed' => 0, 'kept' => 0, 'bytes' => 0];
    }

    /** A file's name is anybody's: it is not to move a terminal's cursor. */
    private static function printable(string $name): string
    {
        return substr((string) preg_replace('/[^\x20-\x7E]/', '?', $name), 0, 128);
    }
}
