<?php

declare(strict_types=1);

namespace Donna\Sales;

/** The team's contacts and leads. */
interface SalesRepository
{
    public const LEAD_STATUSES = ['new', 'contacted', 'qualified', 'won', 'lost'];
    public const TEMPERATURES = ['hot', 'warm', 'cold'];

    /** @return list<array<string, mixed>> */
    public function contacts(): array;

    /** @return list<array<string, mixed>> */
    public function leads(): array;

    /** @return array{total_contacts: int, hot_leads: int, conversion_rate: float} */
    public function stats(): array;

    /**
     * @param array<string, ?string> $contact
     * @return array<string, mixed>
     */
    public function addContact(array $contact): array;

    /**
     * @param array<string, int|string> $changes
     * @return ?array<string, mixed>
     */
    public function changeLead(string $id, array $changes): ?array;
}
