<?php

declare(strict_types=1);

namespace Donna\Sales;

/** Contacts and leads to try the board with. */
final class SalesSeed
{
    /** @return list<array<string, mixed>> */
    public static function contacts(): array
    {
        $rows = [
            ['Priya Raman', 'priya.raman@northwind.example', '+15550100101', 'Northwind'],
            ['Tomás Ferreira', 'tomas@ferreira-law.example', '+15550100102', 'Ferreira Law'],
            ['Jonas Weber', 'j.weber@weberbau.example', '+15550100103', 'Weber Bau'],
            ['Amina Yusuf', 'amina@yusufdental.example', '+15550100104', 'Yusuf Dental'],
            ['Hannah Olsen', 'hannah@olsenbooks.example', '+15550100105', 'Olsen Books'],
            ['Marco Bianchi', 'marco@bianchimoto.example', '+15550100106', 'Bianchi Moto'],
        ];
        $contacts = [];
        foreach ($rows as $i => [$name, $email, $phone, $company]) {
            $contacts[] = [
                'id' => sprintf('contact-%03d', $i + 1),
                'name' => $name,
                'email' => $email,
                'phone' => $phone,
                'company' => $company,
                'created_at' => sprintf('2025-04-%02dT09:00:00.000Z', $i + 1),
            ];
        }

        return $contacts;
    }

    /** @return list<array<string, mixed>> */
    public static function leads(): array
    {
        $rows = [
            ['contact-001', 'Northwind, 40 seats', 'hot', 'qualified', 86, 48000],
            ['contact-003', 'Weber Bau, small plan', 'warm', 'contacted', 61, 3000],
            ['contact-006', 'Bianchi Moto, demo', 'hot', 'new', 74, 7200],
            ['contact-005', 'Olsen Books, Danish greeting', 'warm', 'won', 90, 2400],
            ['contact-004', 'Yusuf Dental, second line', 'cold', 'lost', 22, 1800],
        ];
        $leads = [];
        foreach ($rows as $i => [$contact, $title, $temperature, $status, $score, $value]) {
            $leads[] = [
                'id' => sprintf('lead-%03d', $i + 1),
                'contact_id' => $contact,
                'title' => $title,
                'temperature' => $temperature,
                'status' => $status,
                'score' => $score,
                'value' => $value,
                'notes' => '',
                'updated_at' => sprintf('2025-05-%02dT12:00:00.000Z', $i + 1),
            ];
        }

        return $leads;
    }
}
