<?php

declare(strict_types=1);

namespace Donna\Sales;

use Donna\Clock;
use Donna\Storage\History;
use Donna\Storage\JsonStore;

/** Two documents: the last 2000 contacts and the 2000 leads that changed last, each at most 2 MiB. */
final class FileSalesRepository implements SalesRepository
{
    private const MAX = 2000;
    private const MAX_BYTES = 2_097_152;

    public function __construct(private readonly JsonStore $store) {}

    public function contacts(): array
    {
        return $this->store->read('contacts', SalesSeed::contacts());
    }

    public function leads(): array
    {
        return $this->store->read('leads', SalesSeed::leads());
    }

    public function stats(): array
    {
        $leads = $this->leads();
        $count = static fn(string $field, string $value): int => count(array_filter($leads, static fn(array $l): bool => $l[$field] === $value));
        $closed = $count('status', 'won') + $count('status', 'lost');

        return [
            'total_contacts' => count($this->contacts()),
            'hot_leads' => $count('temperature', 'hot'),
            'conversion_rate' => $closed === 0 ? 0.0 : round($count('status', 'won') / $closed, 4),
        ];
    }

    public function addContact(array $contact): array
    {
        $made = ['id' => 'contact_' . bin2hex(random_bytes(8))] + $contact + ['created_at' => Clock::now()];
        $this->store->update('contacts', static fn(array $all): array => self::bound()->newest([...array_values($all), $made]), SalesSeed::contacts());

        return $made;
    }

    public function changeLead(string $id, array $changes): ?array
    {
        $changed = null;
        $this->store->update('leads', static function (array $leads) use ($id, $changes, &$changed): ?array {
            foreach ($leads as $i => $lead) {
                if ($lead['id'] === $id) {
                    $changed = $leads[$i] = array_replace($lead, $changes, ['updated_at' => Clock::now()]);

                    return self::bound()->newest($leads, 'updated_at');
                }
            }

            return null;
        }, SalesSeed::leads());

        return $changed;
    }

    private static function bound(): History
    {
        return new History(self::MAX, self::MAX_BYTES);
    }
}
