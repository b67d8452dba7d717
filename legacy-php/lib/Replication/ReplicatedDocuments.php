<?php

declare(strict_types=1);

namespace Donna\Replication;

use Donna\Storage\JsonStore;
use Donna\Storage\Stamp;
use Donna\Storage\Stored;
use Donna\Storage\UnreadableException;

/** An owner's documents as the gateway reads and changes them: by the owner's key, with versions, each change once. */
final class ReplicatedDocuments
{
    /** What goes through the bridge; a longer document stays the application's alone. */
    public const MAX_DOCUMENT_BYTES = 12_000_000;
    /** The version of what cannot be read: no document has it. */
    private const UNREADABLE = 'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff';

    public function __construct(
        private readonly JsonStore $store,
        private readonly string $folder,
        private readonly ReplicatedCollection $collection,
    ) {}

    /**
     * @param int $maxBytes of a document; a longer one is announced alone, so that the gateway asks for few of them at a time
     * @return array<string, mixed>
     */
    public function read(string $owner, string $knownVersion, int $maxBytes = self::MAX_DOCUMENT_BYTES): array
    {
        try {
            $bytes = $this->store->bytes($this->name($owner));
        } catch (UnreadableException) {
            return ['version' => self::UNREADABLE, 'unreadable' => 'the system does not let PHP read it'];
        }
        $version = Stored::version($bytes);
        if ($version === $knownVersion) {
            return ['version' => $version, 'unchanged' => true];
        }
        if ($bytes === null) {
            return ['version' => $version, 'document' => null];
        }
        $size = strlen($bytes);
        if ($size > self::MAX_DOCUMENT_BYTES) {
            return ['version' => $version, 'unreadable' => "it has {$size} bytes"];
        }
        if ($size > $maxBytes) {
            return ['version' => $version, 'isLarge' => true];
        }
        if (preg_match('//u', $bytes) !== 1) {
            return ['version' => $version, 'unreadable' => 'it is not UTF-8'];
        }
        try {
            [$text, $stamp] = Stored::split($bytes);
        } catch (\RuntimeException) {
            return ['version' => $version, 'unreadable' => 'it is not JSON'];
        }

        return ['version' => $version, 'document' => $text, 'origin' => $stamp?->origin, 'seq' => $stamp?->seq ?? 0];
    }

    /**
     * The document, and the one from which the last write of a request began.
     *
     * @return array<string, mixed> `before` is null where that request has written nothing; `isOvertaken`: somebody else has written since
     */
    public function effects(string $owner, string $keptAs): array
    {
        $kept = $this->store->takeKept($keptAs, $this->name($owner));
        $now = $this->read($owner, '');
        if ($kept === null) {
            return ['before' => null, 'isOvertaken' => false] + $now;
        }
        if ($kept['after'] === null) {
            return ['before' => null, 'unreadable' => 'it was not kept'] + $now;
        }
        $before = $kept['before'];
        if ($before !== null && preg_match('//u', $before) !== 1) {
            return ['before' => null, 'unreadable' => 'it was not UTF-8'] + $now;
        }

        return [
            'before' => [
                'version' => Stored::version($before),
                'document' => $before === null ? null : Stored::split($before)[0],
            ],
            'isOvertaken' => $kept['after'] !== $now['version'],
        ] + $now;
    }

    /**
     * @param int $since the last number that this document is known to have: one that has less was put back, and is left alone
     * @param list<array<mixed>> $changes each with its number, in order; those that the document has already are skipped
     * @return array<string, mixed>
     */
    public function apply(string $owner, string $origin, int $since, array $changes): array
    {
        $facts = [];
        $version = $this->store->updateStored(
            $this->name($owner),
            function (?Stored $old, ?string $bytes) use ($origin, $since, $changes, &$facts): ?Stored {
                $last = $old?->stamp?->origin === $origin ? $old->stamp->seq : 0;
                $document = $old?->document ?? [];
                $facts = ['previousVersion' => Stored::version($bytes), 'previousSeq' => $last, 'applied' => 0];
                if ($last < $since) {
                    $facts['isBehind'] = true;

                    return null;
                }
                foreach ($changes as $change) {
                    if ($change['seq'] > $last) {
                        $document = $this->collection->apply($document, $change);
                        $last = $change['seq'];
                        $facts['applied']++;
                    }
                }

                return $facts['applied'] === 0 ? null : new Stored($document, new Stamp($origin, $last));
            },
        );

        return ['version' => $version, 'skipped' => count($changes) - $facts['applied']] + $facts;
    }

    /** @return array<string, mixed> */
    public function list(string $after, int $limit): array
    {
        $owners = [];
        foreach ($this->store->names($this->folder) as $name) {
            $owner = substr($name, strlen($this->folder) + 1);
            if (strcmp($owner, $after) > 0 && preg_match('/^[0-9a-f]{40}$/D', $owner) === 1) {
                $owners[] = $owner;
            }
        }
        sort($owners, SORT_STRING);
        $page = array_slice($owners, 0, $limit);

        return [
            'owners' => array_map(fn(string $owner): array => [
                'owner' => $owner,
                'version' => $this->version($owner),
            ], $page),
            'more' => count($owners) > $limit,
        ];
    }

    /**
     * @param array<mixed> $document
     * @return array<string, mixed> `replaced` is false when the document has another version than this one
     */
    public function replace(string $owner, array $document, string $ifVersion, ?Stamp $stamp): array
    {
        $isReplaced = false;
        $name = $this->name($owner);
        $version = $this->store->updateStored(
            $name,
            function (?Stored $old, ?string $bytes) use ($name, $document, $ifVersion, $stamp, &$isReplaced): ?Stored {
                if (Stored::version($bytes) !== $ifVersion) {
                    return null;
                }
                if ($bytes !== null) {
                    $this->store->keepAside($name, $bytes);
                }
                $isReplaced = true;

                return new Stored($document, $stamp ?? $old?->stamp);
            },
        );

        return ['version' => $version, 'replaced' => $isReplaced];
    }

    private function version(string $owner): string
    {
        try {
            return Stored::version($this->store->bytes($this->name($owner)));
        } catch (UnreadableException) {
            return self::UNREADABLE;
        }
    }

    private function name(string $owner): string
    {
        return $this->folder . '/' . $owner;
    }
}
