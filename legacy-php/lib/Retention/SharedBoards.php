<?php

declare(strict_types=1);

namespace Donna\Retention;

use Donna\Marketing\MailboxSeed;
use Donna\Sales\SalesSeed;
use Donna\Storage\JsonStore;

/**
 * What of the boards that everybody shares is about somebody with these addresses: contacts, their leads, mails from them. Tasks,
 * meetings and texts name people in words alone: nobody can say whom, and nothing of them is found here.
 */
final class SharedBoards
{
    public function __construct(private readonly JsonStore $store) {}

    /**
     * @param list<string> $addresses in small letters
     * @return list<mixed>
     */
    public function contacts(array $addresses): array
    {
        return self::of($this->store->read('contacts', SalesSeed::contacts()), 'email', $addresses);
    }

    /**
     * @param list<string> $addresses
     * @return list<mixed>
     */
    public function leads(array $addresses): array
    {
        return self::of($this->store->read('leads', SalesSeed::leads()), 'contact_id', $this->contactIds($addresses));
    }

    /**
     * @param list<string> $addresses
     * @return list<mixed>
     */
    public function mailbox(array $addresses): array
    {
        return self::of($this->store->read('mailbox', MailboxSeed::emails()), 'from', $addresses);
    }

    /** @param list<string> $addresses */
    public function drop(array $addresses): void
    {
        // The leads before the contacts by which they are found.
        $ids = $this->contactIds($addresses);
        $this->without('leads', 'contact_id', $ids, SalesSeed::leads());
        $this->without('contacts', 'email', $addresses, SalesSeed::contacts());
        $this->without('mailbox', 'from', $addresses, MailboxSeed::emails());
    }

    /**
     * @param list<string> $addresses
     * @return list<string>
     */
    private function contactIds(array $addresses): array
    {
        return array_values(array_filter(array_column($this->contacts($addresses), 'id'), 'is_string'));
    }

    /**
     * @param list<string> $values
     * @param list<array<string, mixed>> $seed
     */
    private function without(string $name, string $field, array $values, array $seed): void
    {
        if ($values === []) {
            return;
        }
        $this->store->update($name, static function (array $all) use ($field, $values): ?array {
            $gone = self::of($all, $field, $values, true);

            return $gone === [] ? null : array_values(array_diff_key($all, $gone));
        }, $seed);
    }

    /**
     * @param array<mixed> $all
     * @param list<string> $values
     * @return array<mixed>
     */
    private static function of(array $all, string $field, array $values, bool $keepsKeys = false): array
    {
        $found = array_filter($all, static function (mixed $entry) use ($field, $values): bool {
            $value = is_array($entry) ? ($entry[$field] ?? null) : null;

            return is_string($value) && (in_array($value, $values, true) || in_array(strtolower($value), $values, true));
        });

        return $keepsKeys ? $found : array_values($found);
    }
}
