<?php

declare(strict_types=1);

namespace Donna\Marketing;

/** Twelve mails to try the inbox with: the same ones on every machine. */
final class MailboxSeed
{
    private const ROWS = [
        ['lead', 'Priya Raman', 'priya.raman@northwind.example', 'Quote for 40 seats', '2025-05-12T08:41:00.000Z', true, true, 'Hello, we are 40 people in two offices and would like a quote for the receptionist. Could you call me this week?'],
        ['client', 'Tomás Ferreira', 'tomas@ferreira-law.example', 'Moving our Thursday call', '2025-05-12T07:15:00.000Z', true, false, 'Something came up in court. Could we move Thursday to Friday at ten?'],
        ['marketing', 'Letterpress Weekly', 'news@letterpress.example', 'Seven subject lines that work', '2025-05-11T16:00:00.000Z', true, false, 'This week: seven subject lines, tested on 12,000 readers. Unsubscribe any time.'],
        ['spam', 'Prize Desk', 'winner@prize-desk.example', 'You have won!!! Claim now', '2025-05-11T13:37:00.000Z', true, false, 'Congratulations winner, claim your free prize within 24 hours. Click here.'],
        ['lead', 'Jonas Weber', 'j.weber@weberbau.example', 'Pricing for small teams', '2025-05-11T10:20:00.000Z', false, true, 'We are interested in the small plan. What is the price for five people, and is there a trial?'],
        ['client', 'Amina Yusuf', 'amina@yusufdental.example', 'Invoice 2025-0117', '2025-05-10T14:05:00.000Z', false, false, 'Thanks for the invoice. Our accounting needs the VAT number on it, could you send it again?'],
        ['client', 'Hannah Olsen', 'hannah@olsenbooks.example', 'Greeting sounds great', '2025-05-09T17:48:00.000Z', false, true, 'The new greeting is just right, our customers mention it. Could we have it in Danish as well?'],
        ['marketing', 'Expo Team', 'hello@frontdesk-expo.example', 'Your invitation to Front Desk Expo', '2025-05-09T09:00:00.000Z', true, false, 'Join us in June. Early booking discount until Friday. Unsubscribe at the foot of this mail.'],
        ['lead', 'Marco Bianchi', 'marco@bianchimoto.example', 'Demo next week?', '2025-05-08T11:30:00.000Z', true, false, 'A friend recommended you. Can we see a demo on Tuesday or Wednesday?'],
        ['spam', 'Seo Growth', 'rank1@seo-growth.example', 'Rank #1 guaranteed', '2025-05-08T03:12:00.000Z', false, false, 'Guaranteed first place in all engines, cheap, act now, limited offer.'],
        ['marketing', 'Paper & Ink', 'offers@paperandink.example', 'Spring sale: 20 percent off', '2025-05-07T08:00:00.000Z', false, false, 'Everything for the desk at 20 percent off this week. Unsubscribe here.'],
        ['client', 'Léa Dubois', 'lea@dubois-archi.example', 'Missed calls on Monday', '2025-05-06T15:22:00.000Z', false, false, 'Two calls on Monday evening were not answered. Could you look into our opening hours?'],
    ];

    /** @return list<array<string, mixed>> */
    public static function emails(): array
    {
        $emails = [];
        foreach (self::ROWS as $i => [$category, $name, $from, $subject, $at, $isUnread, $isStarred, $body]) {
            $emails[] = [
                'id' => sprintf('mail-%03d', $i + 1),
                'from' => $from,
                'from_name' => $name,
                'subject' => $subject,
                'body' => $body,
                'received_at' => $at,
                'category' => $category,
                'unread' => $isUnread,
                'starred' => $isStarred,
                'answered' => false,
            ];
        }

        return $emails;
    }
}
