<?php

declare(strict_types=1);

namespace Donna\Privacy;

/**
 * Keyed pseudonyms for persons in logs: `h:` and 64 bits of HMAC-SHA-256 in letters, which no search takes for a number or a token. The same value has
 * the same one in the gateway's log (src/privacy/pseudonyms.ts); who has not the key cannot try values. Key: HKDF-SHA-256 (RFC 5869).
 */
final class Pseudonyms
{
    private const PURPOSE = 'donna log pseudonyms v1';

    private readonly string $key;

    public function __construct(#[\SensitiveParameter] string $secret)
    {
        $this->key = hash_hkdf('sha256', $secret, 32, self::PURPOSE);
    }

    public function of(string $value): string
    {
        if (preg_match('/^h:[a-p]{16}$/D', $value) === 1) {
            return $value;
        }
        $hex = substr(hash_hmac('sha256', self::canonical($value), $this->key), 0, 16);

        return 'h:' . strtr($hex, '0123456789abcdef', 'abcdefghijklmnop');
    }

    /** Spellings of one value are one: case (ASCII alone), spaces around, how a number is grouped. */
    private static function canonical(string $value): string
    {
        $trimmed = (string) preg_replace('/^[ \t\r\n]+|[ \t\r\n.]+$/D', '', $value);
        if (preg_match('~^\+?[\p{Nd} \x{a0}\x{2000}-\x{200a}\x{2010}-\x{2015}\x{202f}\x{2212}().\/-]{7,64}$~Du', $trimmed) === 1) {
            return (string) preg_replace('/^00/', '+', (string) preg_replace('~[ \x{a0}\x{2000}-\x{200a}\x{2010}-\x{2015}\x{202f}\x{2212}().\/-]~u', '', $trimmed));
        }

        return strtr($trimmed, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz');
    }
}
