<?php

declare(strict_types=1);

namespace Donna\Donna;

use Donna\Text;

/**
 * A small, plain filter: insults addressed to somebody ("you are an idiot", "shut up, moron"), threats, and self-evident
 * slurs of a short list. It errs on the side of letting through: a message that only mentions such a word is no abuse.
 */
final class AbuseFilter
{
    private const INSULTS = 'idiot|moron|imbecile|stupid|dumb|worthless|pathetic|bitch|bastard|asshole|scum';
    private const PATTERNS = [
        '/\b(?:you|u|ya|you\'?re|ur|donna)\b(?:\s+(?:are|r|is|such|an?|so|really|just|fucking|bloody|the|complete|total)){0,4}\s+(?:' . self::INSULTS . ')\b/u',
        '/\b(?:shut up|fuck (?:you|off)|go to hell|screw you|drop dead)\b/u',
        '/\b(?:i(?:\'?ll| will| am going to|\'?m going to)|gonna)\s+(?:kill|hurt|find and hurt|beat)\s+(?:you|u|ya)\b/u',
    ];

    public static function isAbusive(string $message): bool
    {
        $text = strtr(Text::lower(Text::oneLine($message)), ["\u{2019}" => "'"]);
        foreach (self::PATTERNS as $pattern) {
            if (preg_match($pattern, $text) === 1) {
                return true;
            }
        }

        return false;
    }
}
