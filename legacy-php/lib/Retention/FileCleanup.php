<?php

declare(strict_types=1);

namespace Donna\Retention;

use Donna\Identity\SessionFiles;
use Donna\Storage\ErasedOwners;
use Donna\Storage\FileLock;

/** Files that have outlived the policy: what is temporary, cached, logged, put aside, and sessions. */
final class FileCleanup
{
    /** Folder → what it holds. */
    private const FOLDERS = [
        'audio' => 'tempAudio',
        'tmp' => 'tempFiles',
        'before' => 'tempFiles',
        'erased' => 'tempFiles',
        'sessions/tmp' => 'tempFiles',
        'cache' => 'cache',
        'rate' => 'cache',
        'logs' => 'logs',
        'replaced' => 'replacedDocuments',
    ];
    /** What has folders of its own; elsewhere one is left alone. */
    private const NESTED = ['audio', 'tmp', 'cache', 'logs'];
    private const MAX_DEPTH = 4;
    private const MAX_FOLDERS = 1000;
    private const AUDIO = '/\.(?:wav|mp3|ogg|oga|opus|webm|m4a|mp4|flac|aac|pcm)$/Di';
    /** `error.log`, `php_errors.log.2.gz`, `app-error-2026-01-02.log` */
    private const ERROR_LOG = '/(?:^|[._-])errors?(?:[._-]|$)/Di';

    public function __construct(
        private readonly string $root,
        private readonly RetentionPolicy $policy,
        private readonly CleanupReport $report,
        private readonly int $now,
        private readonly bool $isDryRun,
    ) {}

    public function run(): void
    {
        foreach (self::FOLDERS as $folder => $kind) {
            $this->folder($folder, $kind, in_array($folder, self::NESTED, true) ? self::MAX_DEPTH : 0);
        }
        $this->sessions();
    }

    private function folder(string $name, string $kind, int $depth): void
    {
        $folder = $this->enter($name, $kind);
        if ($folder === null) {
            return;
        }
        $inner = [];
        try {
            foreach ($folder->names() as $file) {
                if ($folder->file($file) !== null) {
                    $this->file($folder, $name, $file, self::kindOf($kind, $file));
                } elseif (is_link($file)) {
                    $this->report->left($kind, $name . '/' . $file, 'a symbolic link');
                } elseif ($depth > 0 && is_dir($file) && count($inner) < self::MAX_FOLDERS) {
                    $inner[] = $file;
                }
            }
        } finally {
            $folder->leave();
        }
        foreach ($inner as $file) {
            $this->folder($name . '/' . $file, $kind, $depth - 1);
        }
    }

    private function file(PinnedFolder $folder, string $folderName, string $file, string $kind): void
    {
        $entry = $folder->file($file);
        if ($entry === null) {
            return;
        }
        $age = Age::ofFile($entry, $this->now);
        $name = $folderName . '/' . $file;
        if ($age === null) {
            $this->report->left($kind, $name, 'from the future');
        } elseif ($age <= max($this->policy->secondsOf($kind), $folderName === 'erased' ? ErasedOwners::SECONDS : 0)) {
            $this->report->kept($kind);
        } elseif ($this->isDryRun || $folder->remove($file)) {
            $this->report->removed($kind, $name, $entry['size']);
        } else {
            clearstatcache(true);
            @lstat($file) === false || $this->report->left($kind, $name, 'cannot be removed');
        }
    }

    /** Each in turn with the request that may hold it. Their ids are keys: no name is told. */
    private function sessions(): void
    {
        $folder = $this->enter('sessions', 'sessions');
        if ($folder === null) {
            return;
        }
        $keep = $this->policy->secondsOf('sessions');
        try {
            foreach ($folder->names() as $file) {
                $entry = str_starts_with($file, 'sess_') && SessionFiles::isId(substr($file, 5)) ? $folder->file($file) : null;
                if ($entry === null) {
                    continue;
                }
                if ((Age::ofFile($entry, $this->now) ?? 0) <= $keep) {
                    $this->report->kept('sessions');
                } elseif ($this->isDryRun || $this->removeSession($folder, $file, $keep)) {
                    $this->report->removed('sessions', 'sessions/sess_…', $entry['size']);
                }
            }
        } finally {
            $folder->leave();
        }
    }

    private function removeSession(PinnedFolder $folder, string $file, int $keep): bool
    {
        $lock = @fopen(SessionFiles::lockFile($this->root . '/sessions', substr($file, 5)), 'rb');
        if ($lock !== false) {
            FileLock::exclusive($lock);
        }
        try {
            $entry = $folder->file($file);

            return $entry !== null && (Age::ofFile($entry, $this->now) ?? 0) > $keep && $folder->remove($file);
        } finally {
            if ($lock !== false) {
                FileLock::release($lock);
                fclose($lock);
            }
        }
    }

    private function enter(string $name, string $kind): ?PinnedFolder
    {
        $folder = PinnedFolder::enter($this->root, $name);
        $folder === 'unsafe' && $this->report->left($kind, $name, 'not a folder of the data directory');

        return $folder instanceof PinnedFolder ? $folder : null;
    }

    private static function kindOf(string $kind, string $file): string
    {
        return match (true) {
            $kind === 'tempFiles' && preg_match(self::AUDIO, $file) === 1 => 'tempAudio',
            $kind === 'logs' && preg_match(self::ERROR_LOG, $file) === 1 => 'errorLogs',
            default => $kind,
        };
    }
}
