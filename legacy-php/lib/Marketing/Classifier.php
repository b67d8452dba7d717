<?php

declare(strict_types=1);

namespace Donna\Marketing;

use Donna\Text;

/** Sorts a mail by the words in it. Spam is looked for first; what says nothing is a client's. */
final class Classifier
{
    private const WORDS = [
        'spam' => ['you have won', 'winner', 'claim', 'guaranteed', 'act now', 'click here', 'limited offer', 'prize'],
        'marketing' => ['unsubscribe', 'newsletter', 'sale', 'percent off', 'invitation', 'discount'],
        'lead' => ['quote', 'pricing', 'price', 'demo', 'trial', 'interested', 'recommended you', 'seats'],
        'client' => ['invoice', 'call', 'our', 'thanks', 'meeting', 'hours', 'again'],
    ];

    /** @return array{category: string, confidence: float} */
    public static function classify(string $subject, string $body): array
    {
        $text = Text::lower($subject . ' ' . $body);
        $best = 'client';
        $hits = 0;
        foreach (self::WORDS as $category => $words) {
            $found = count(array_filter($words, static fn(string $w): bool => preg_match('/\b' . preg_quote($w, '/') . '\b/u', $text) === 1));
            // A tie goes to the category named first above.
            if ($found > $hits) {
                [$best, $hits] = [$category, $found];
            }
        }

        return ['category' => $best, 'confidence' => round(min(0.95, 0.4 + 0.2 * $hits), 2)];
    }
}
