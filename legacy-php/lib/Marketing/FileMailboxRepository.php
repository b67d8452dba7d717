<?php

declare(strict_types=1);

namespace Donna\Marketing;

use Donna\Storage\History;
use Donna\Storage\JsonStore;

/** mailbox.json; until somebody changes it, the seed. A change leaves the 2000 mails that came last, at most 8 MiB. */
final class FileMailboxRepository implements MailboxRepository
{
    private const MAX_EMAILS = 2000;
    private const MAX_BYTES = 8_388_608;

    public function __construct(private readonly JsonStore $store) {}

    public function emails(?string $category = null): array
    {
        $emails = array_values($this->store->read('mailbox', MailboxSeed::emails()));
        usort($emails, static fn(array $a, array $b): int => strcmp($b['received_at'], $a['received_at']));

        return $category === null
            ? $emails
            : array_values(array_filter($emails, static fn(array $e): bool => $e['category'] === $category));
    }

    public function find(string $id): ?array
    {
        foreach ($this->emails() as $email) {
            if ($email['id'] === $id) {
                return $email;
            }
        }

        return null;
    }

    public function markAnswered(string $id): void
    {
        $mark = static fn(array $email): array => $email['id'] === $id ? ['unread' => false, 'answered' => true] + $email : $email;
        $this->store->update(
            'mailbox',
            static fn(array $emails): array => (new History(self::MAX_EMAILS, self::MAX_BYTES))->newest(array_map($mark, $emails), 'received_at'),
            MailboxSeed::emails(),
        );
    }

    public function stats(): array
    {
        $emails = $this->emails();
        $categories = array_fill_keys(self::CATEGORIES, 0);
        foreach ($emails as $email) {
            $categories[$email['category']]++;
        }

        return [
            'unread' => count(array_filter(array_column($emails, 'unread'))),
            'starred' => count(array_filter(array_column($emails, 'starred'))),
            'categories' => $categories,
        ];
    }
}
