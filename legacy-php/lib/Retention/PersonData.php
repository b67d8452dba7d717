<?php

declare(strict_types=1);

namespace Donna\Retention;

use Donna\Http\RateLimiter;
use Donna\Replication\ReplicatedDocuments;
use Donna\Storage\ErasedOwners;
use Donna\Storage\JsonStore;
use Donna\Storage\KeptDocuments;
use Donna\Storage\Stored;

/**
 * All that is kept of one person, part by part. What belongs to an owner is found by the owner's key or id; on the boards that
 * everybody shares, where nothing has an owner, it is found by the person's e-mail address.
 */
final class PersonData
{
    public const OWNED = ['conversations', 'settings', 'memory'];
    public const PARTS = [...self::OWNED, 'copies', 'voiceEvents', 'sentMail', 'contacts', 'leads', 'mailbox', 'sessions', 'account'];

    private readonly string $owner;
    /** @var list<string> */
    private readonly array $addresses;
    private readonly PersonSessions $sessions;

    /** @param ?string $email besides the one of the account */
    public function __construct(
        private readonly JsonStore $store,
        private readonly string $directory,
        private readonly SharedBoards $boards,
        private readonly ?RateLimiter $limiter,
        private readonly string $subject,
        ?string $email,
    ) {
        $this->owner = substr(hash('sha256', $subject), 0, 40);
        $own = array_column($this->accounts(), 'email');
        $known = array_map(static fn(mixed $v): string => is_string($v) ? strtolower($v) : '', [...$own, $email ?? '']);
        $this->addresses = array_values(array_unique(array_filter($known, static fn(string $v): bool => $v !== '')));
        $this->sessions = new PersonSessions($directory . '/sessions', $subject);
    }

    /**
     * What is there, as it is handed to the person: without keys, passwords and ids of sessions.
     *
     * @return list<mixed> of one part
     */
    public function of(string $part): array
    {
        return match ($part) {
            'conversations' => $this->owned($part, static fn(array $document): array => array_values((array) ($document['conversations'] ?? []))),
            'settings', 'memory' => $this->owned($part, static fn(array $document): array => $document === [] ? [] : [$document]),
            'copies' => array_map(static fn(string $file): array => ['file' => basename($file)], $this->copies()),
            'voiceEvents' => $this->entries('events-voice', $this->isOwners(...)),
            'sentMail' => $this->entries('outbox', fn(mixed $e): bool => $this->isOwners($e) || $this->has($e, 'to')),
            'contacts' => $this->boards->contacts($this->addresses),
            'leads' => $this->boards->leads($this->addresses),
            'mailbox' => $this->boards->mailbox($this->addresses),
            'sessions' => $this->sessions->all(),
            'account' => array_map(static fn(array $e): array => array_diff_key($e, ['password_hash' => 0]), $this->accounts()),
            default => throw new \LogicException('Not a part of a person.'),
        };
    }

    /** @return array<string, array{count: int, sha256: string}> */
    public function inventory(): array
    {
        $found = [];
        foreach (self::PARTS as $part) {
            $items = $this->of($part);
            $found[$part] = ['count' => count($items), 'sha256' => hash('sha256', json_encode($items, JSON_INVALID_UTF8_SUBSTITUTE | JSON_THROW_ON_ERROR))];
        }

        return $found;
    }

    /**
     * Removes it all; done again it finds nothing and does no harm. The account goes last: it knows the address by which the rest
     * is found.
     */
    public function erase(bool $withAccount): void
    {
        // Before anything is looked at: what is under way is refused from now on.
        (new ErasedOwners($this->directory))->add($this->owner);
        $this->sessions->end();
        foreach (self::OWNED as $folder) {
            $this->store->remove($folder . '/' . $this->owner);
        }
        foreach ($this->copies() as $file) {
            @unlink($file);
        }
        $this->drop('events-voice', $this->isOwners(...));
        $this->drop('outbox', fn(mixed $e): bool => $this->isOwners($e) || $this->has($e, 'to'));
        $this->boards->drop($this->addresses);
        $this->limiter?->clear('user:' . $this->subject);
        if ($withAccount) {
            $this->drop('users', fn(mixed $e): bool => is_array($e) && ($e['id'] ?? null) === $this->subject);
            // Whoever has signed in meanwhile has done so with an account that is no more.
            $this->sessions->end();
        }
    }

    /**
     * @param \Closure(array<mixed>): list<mixed> $itemsOf
     * @return list<mixed> of a spoilt document its bytes, of one that is too large its place: it is this person's too, and must not keep the rest from going
     */
    private function owned(string $folder, \Closure $itemsOf): array
    {
        $bytes = null;
        try {
            $bytes = $this->store->bytes($folder . '/' . $this->owner);

            return match (true) {
                $bytes === null => [],
                // Decoded, it would not fit into a process: whoever exports it takes the file itself.
                strlen($bytes) > ReplicatedDocuments::MAX_DOCUMENT_BYTES => [['file' => $folder . '/' . $this->owner . '.json', 'bytes' => strlen($bytes)]],
                default => $itemsOf(Stored::parse($bytes)->document),
            };
        } catch (\RuntimeException) {
            return [['spoilt' => $bytes]];
        }
    }

    /** @return list<string> copies of the owner's documents that were put aside or kept for a moment */
    private function copies(): array
    {
        $found = [];
        foreach (['/replaced', KeptDocuments::FOLDER] as $folder) {
            foreach (@scandir($this->directory . $folder) ?: [] as $file) {
                if (preg_match('/(?:^|-)(?:' . implode('|', self::OWNED) . ')-' . $this->owner . '(?:[.-]|$)/D', $file) === 1) {
                    $found[] = $this->directory . $folder . '/' . $file;
                }
            }
        }

        return $found;
    }

    /**
     * @param callable(mixed): bool $isTheirs
     * @return list<mixed>
     */
    private function entries(string $name, callable $isTheirs): array
    {
        return array_values(array_filter($this->store->read($name), $isTheirs));
    }

    /** @param callable(mixed): bool $isTheirs */
    private function drop(string $name, callable $isTheirs): void
    {
        $this->store->update($name, static function (array $all) use ($isTheirs): ?array {
            $rest = array_values(array_filter($all, static fn(mixed $e): bool => !$isTheirs($e)));

            return count($rest) < count($all) ? $rest : null;
        });
    }

    private function isOwners(mixed $entry): bool
    {
        return is_array($entry) && ($entry['owner'] ?? null) === $this->subject;
    }

    private function has(mixed $entry, string $field): bool
    {
        $address = is_array($entry) ? ($entry[$field] ?? null) : null;

        return is_string($address) && in_array(strtolower($address), $this->addresses, true);
    }

    /** @return list<array<mixed>> entries of users.json; the demo users stand in the code */
    private function accounts(): array
    {
        return array_values(array_filter(
            $this->store->read('users'),
            fn(mixed $e): bool => is_array($e) && ($e['id'] ?? null) === $this->subject,
        ));
    }
}
