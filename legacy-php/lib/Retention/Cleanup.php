<?php

declare(strict_types=1);

namespace Donna\Retention;

use Donna\Conversations\ConversationList;
use Donna\Storage\JsonStore;
use Donna\Storage\Stored;

/** Documents that have outlived the policy: conversation by conversation, entry by entry, each document in turn with the application. */
final class Cleanup
{
    /** A document that the gateway writes too is left to it so much longer: it knows what PHP has not been told yet. */
    private const GATEWAY_FIRST_SECONDS = 86400;
    private const MAX_DOCUMENT_BYTES = 16_000_000;
    /** Document → kind of data of its entries, each with its time under `at`. */
    private const JOURNALS = ['events-voice' => 'voiceEvents', 'events-telnyx' => 'webhookEvents', 'outbox' => 'sentMail'];

    private readonly JsonStore $store;

    /** @param string $root the data directory, resolved */
    public function __construct(
        private readonly string $root,
        private readonly RetentionPolicy $policy,
        private readonly CleanupReport $report,
        private readonly int $now,
        private readonly bool $isDryRun,
    ) {
        $this->store = new JsonStore($root);
    }

    public function run(): void
    {
        (new FileCleanup($this->root, $this->policy, $this->report, $this->now, $this->isDryRun))->run();
        $this->eachDocument('conversations', 'conversations', $this->conversations(...));
        $this->eachDocument('memory', 'memory', $this->memory(...));
        foreach (self::JOURNALS as $name => $kind) {
            $this->safely($kind, $name, fn() => $this->journal($name, $kind));
        }
    }

    /** @param callable(string, array<string, int>, PinnedFolder): void $visit is given a document's name, its file's facts and its folder */
    private function eachDocument(string $folderName, string $kind, callable $visit): void
    {
        $folder = PinnedFolder::enter($this->root, $folderName);
        if (!$folder instanceof PinnedFolder) {
            $folder === 'unsafe' && $this->report->left($kind, $folderName, 'not a folder of the data directory');

            return;
        }
        try {
            foreach ($folder->names() as $file) {
                if (preg_match('/^([0-9a-f]{40})\.json$/D', $file, $match) !== 1) {
                    continue;
                }
                $entry = $folder->file($file);
                $name = $folderName . '/' . $match[1];
                if ($entry === null) {
                    is_link($file) && $this->report->left($kind, $name, 'a symbolic link');
                } elseif ($entry['size'] > self::MAX_DOCUMENT_BYTES) {
                    $this->report->left($kind, $name, 'too large');
                } else {
                    $this->safely($kind, $name, static fn() => $visit($name, $entry, $folder));
                }
            }
        } finally {
            $folder->leave();
        }
    }

    private function conversations(string $name): void
    {
        $bytes = $this->store->bytes($name);
        if ($bytes === null) {
            return;
        }
        $stored = Stored::parse($bytes);
        $seconds = $this->policy->secondsOf('conversations') + ($stored->stamp === null ? 0 : self::GATEWAY_FIRST_SECONDS);
        $before = Age::before($this->now, $seconds);
        $gone = self::rested($stored->document, $before);
        $count = count((array) ($stored->document['conversations'] ?? []));
        if ($gone !== [] && !$this->isDryRun) {
            // What somebody has written since it was looked at decides.
            $this->store->update($name, function (array $document) use ($name, $before, &$gone): ?array {
                if (realpath($this->root . '/' . $name . '.json') !== $this->root . '/' . $name . '.json') {
                    throw new \RuntimeException('not a file of the data directory');
                }
                $list = array_values($document['conversations'] ?? []);
                $gone = self::rested($document, $before);
                $rest = ConversationList::withoutRested($list, $before);

                return $rest === null ? null : ['conversations' => $rest];
            });
        }
        foreach ($gone as $id) {
            $this->report->removed('conversations', $name . '#' . $id);
        }
        $this->report->kept('conversations', max(0, $count - count($gone)));
    }

    /**
     * @param array<mixed> $document
     * @return list<string> ids
     */
    private static function rested(array $document, string $before): array
    {
        $ids = [];
        foreach ((array) ($document['conversations'] ?? []) as $conversation) {
            if (is_array($conversation) && is_string($conversation['id'] ?? null) && ConversationList::hasRested($conversation, $before)) {
                $ids[] = $conversation['id'];
            }
        }

        return $ids;
    }

    /**
     * Facts have no times of their own: the file's is when the last one was learnt.
     *
     * @param array<string, int> $entry
     */
    private function memory(string $name, array $entry, PinnedFolder $folder): void
    {
        $keep = $this->policy->secondsOf('memory');
        $age = Age::ofFile($entry, $this->now);
        if ($age === null) {
            $this->report->left('memory', $name, 'from the future');

            return;
        }
        $removeOld = function () use ($folder, $name, $keep): bool {
            $file = basename($name) . '.json';
            $now = $folder->file($file);

            return $now !== null && (Age::ofFile($now, $this->now) ?? 0) > $keep && $folder->remove($file);
        };
        if ($age <= $keep || (!$this->isDryRun && !$this->store->remove($name, $removeOld))) {
            $this->report->kept('memory');

            return;
        }
        $this->report->removed('memory', $name, $entry['size']);
    }

    private function journal(string $name, string $kind): void
    {
        $entry = @lstat($this->root . '/' . $name . '.json');
        if ($entry === false) {
            return;
        }
        if (($entry['mode'] & 0o170000) !== 0o100000 || $entry['size'] > self::MAX_DOCUMENT_BYTES) {
            $this->report->left($kind, $name, 'not a regular file, or too large');

            return;
        }
        $before = Age::before($this->now, $this->policy->secondsOf($kind));
        $isOld = static fn(mixed $e): bool => is_array($e) && is_string($e['at'] ?? null) && $e['at'] < $before;
        $all = $this->store->read($name);
        $old = array_filter($all, $isOld);
        if ($old !== [] && !$this->isDryRun) {
            $this->store->update($name, static function (array $all) use ($isOld, &$old): ?array {
                $old = array_filter($all, $isOld);

                return $old === [] ? null : array_values(array_diff_key($all, $old));
            });
        }
        foreach ($old as $e) {
            $id = $e['id'] ?? $e['message_id'] ?? '';
            $this->report->removed($kind, $name . '#' . (is_string($id) ? $id : ''));
        }
        $this->report->kept($kind, max(0, count($all) - count($old)));
    }

    /** One document's fault is its own. */
    private function safely(string $kind, string $name, callable $work): void
    {
        try {
            $work();
        } catch (\Throwable $e) {
            $this->report->left($kind, $name, $e instanceof \RuntimeException ? $e->getMessage() : 'cannot be read');
        }
    }
}
