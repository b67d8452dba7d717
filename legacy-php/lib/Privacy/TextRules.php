<?php

declare(strict_types=1);

namespace Donna\Privacy;

/**
 * What is looked for in a free text, in this order, as in the gateway's src/privacy/text-rules.ts. Every quantifier is bounded; classes are spelt out,
 * since PCRE and ECMAScript differ in what `\w`, `\d` and `\b` mean.
 */
final class TextRules
{
    private const NAMED = 'e-?mail|user_?email|phone|telephone|mobile|name|first_?name|last_?name|full_?name|display_?name|user_?name|subject|body|message|text|transcript|'
        . 'prompt|content|instructions|address|street|iban|to|from|cc|bcc|password|passwd|pwd|secret|token|access_token|refresh_token|client_secret|'
        . 'api_?key|csrf_token|session|sessionid|phpsessid|donnasessid|title|reply|filename|reading';
    private const START = '(?<![\p{L}\p{N}_])';
    private const END = '(?![\p{L}\p{N}_])';

    /** @param \Closure(string, string): string $hash a value and its kind → its pseudonym */
    public function __construct(private readonly \Closure $hash) {}

    public function apply(string $text): string
    {
        $text = self::replace('~//[^\s/?#@]{1,256}@~u', '//[secret]@', $text);
        $text = self::replace('~' . self::START . '(set-cookie|cookie|proxy-authorization|authorization|x-api-key|x-csrf-token)["\']?\s{0,4}[:=].{0,2048}~iu', '$1: [secret]', $text);
        $text = self::replace('~' . self::START . '(bearer|basic|digest|negotiate)\s{1,4}[^\s"\',;]{6,2048}~iu', '$1 [secret]', $text);
        $text = self::replace('~' . self::START . 'eyJ[A-Za-z0-9_-]{5,2048}(?:\.[A-Za-z0-9_-]{0,2048}){0,4}~u', '[token]', $text);
        $text = self::replace('~' . self::START . '(?:sk|ek|pk|rk|ghp|whsec|xox[abp]|KEY)[-_][A-Za-z0-9_-]{8,512}~u', '[token]', $text);
        $text = self::replace(
            '~(?<![\p{L}\p{N}])(' . self::NAMED . ')(\\\\{0,4}["\']?\s{0,4}(?:=>|[:=])\s{0,4})(?!:)'
            . '(?:\\\\{0,4}"[^"]{0,1024}"?|\\\\{0,4}\'[^\']{0,1024}\'?|[^,;&}\]|"\'\s][^,;&}\]|"\']{0,1024})~iu',
            '$1$2[text]',
            $text,
        );
        $text = self::replace('~(?<=[A-Za-z0-9_/%.\]-])\?[^\s"\'<>|]{1,2048}~u', '?[query]', $text);
        if (preg_match('/[@＠]/u', $text) === 1) {
            $text = self::replace(
                '~(?:"[^"|]{1,64}"|[^\s@＠<>"\'(),;:=&?/\\\\|[\]{}][^\s@＠<>"(),;:=&?/\\\\|[\]{}]{0,127})[@＠](?:\[[^\]\s]{1,64}\]|[\p{L}\p{N}][\p{L}\p{M}\p{N}.-]{0,253})~u',
                fn(string $match): string => ($this->hash)(str_replace('＠', '@', $match), 'email'),
                $text,
            );
        }
        $text = self::replace('~' . self::START . '[A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?' . self::END . '~u', '[iban]', $text);
        $text = self::replace('~(?<![\p{L}\p{N}_.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![\p{L}\p{N}_]|\.[0-9])~u', $this->address(...), $text);
        $text = self::replace(
            '~(?<![\p{L}\p{N}_:.])(?:[0-9a-f]{0,4}:){2,7}(?:[0-9a-f]{1,4}|[0-9]{1,3}(?:\.[0-9]{1,3}){3})?(?![\p{L}\p{N}_:])~iu',
            fn(string $match): string => self::isWrittenAsIpv6($match) ? $this->address($match) : $match,
            $text,
        );
        $text = self::replace('~(?<![\p{L}\p{N}+])\+?[(]?\p{Nd}(?:[ \x{a0}\x{2000}-\x{200a}\x{2010}-\x{2015}\x{202f}\x{2212}().\/-]{0,3}\p{Nd}){6,24}' . self::END . '~u', $this->number(...), $text);
        $text = self::replace('~(?<![A-Za-z0-9_+-])[A-Za-z0-9_+-]{16,2048}={0,2}(?![A-Za-z0-9_+-])~u', self::drawn(...), $text);
        if (preg_match('/[^\x00-\x7F]/', $text) === 1) {
            $text = self::replace('~[\p{L}\p{M}\p{N}\'’-]{1,64}~u', static fn(string $match): string => preg_match('/[^\x00-\x7F]/', str_replace('’', '', $match)) === 1 ? '[text]' : $match, $text);
        }

        return self::replace('~(?:\p{Lu}[\p{L}\'’-]{0,32} ){0,3}\[text\](?:[ .,·・،-]{0,2}\[text\]| \p{Lu}[\p{L}\'’-]{0,32}){0,16}~u', '[text]', $text);
    }

    /** @param string|\Closure(string): string $make */
    private static function replace(string $pattern, string|\Closure $make, string $text): string
    {
        $replaced = is_string($make)
            ? preg_replace($pattern, $make, $text)
            : preg_replace_callback($pattern, static fn(array $match): string => $make($match[0]), $text);

        // What cannot be searched cannot be shown.
        return $replaced ?? '[unreadable]';
    }

    private function address(string $match): string
    {
        return preg_match('/^(?:127(?:\.[0-9]{1,3}){3}|0\.0\.0\.0|::1?)$/D', $match) === 1 ? $match : ($this->hash)($match, 'address');
    }

    /** `10:15:30` is a time of day; an IPv6 address has eight groups, or `::` (RFC 4291, section 2.2). */
    private static function isWrittenAsIpv6(string $match): bool
    {
        return str_contains($match, '::') ? strlen($match) > 2 : substr_count($match, ':') >= 6;
    }

    private function number(string $match): string
    {
        if (preg_match('/^(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9](?: [0-2][0-9])?$/D', $match) === 1) {
            return $match;
        }
        $digits = (string) preg_replace('/[^0-9]/', '', $match);
        if (strlen($digits) >= 13 && self::hasLuhnSum($digits)) {
            return '[card]';
        }

        return strlen($digits) > 15 ? '[number]' : ($this->hash)($match, 'phone');
    }

    /** ISO/IEC 7812-1, annex B. */
    private static function hasLuhnSum(string $digits): bool
    {
        $sum = 0;
        foreach (str_split(strrev($digits)) as $i => $digit) {
            $twice = (int) $digit * 2;
            $sum += $i % 2 === 0 ? (int) $digit : ($twice > 9 ? $twice - 9 : $twice);
        }

        return $sum % 10 === 0;
    }

    /** Ids, keys and encoded data have letters of both cases and digits, or many digits, or no end; a name in a program has not. */
    private static function drawn(string $word): string
    {
        $digits = strlen((string) preg_replace('/[^0-9]/', '', $word));
        $isDrawn = strlen($word) >= 64 || str_ends_with($word, '=') || $digits >= 8
            || ($digits > 0 && preg_match('/[a-z]/', $word) === 1 && preg_match('/[A-Z]/', $word) === 1);

        return $isDrawn ? '[token]' : $word;
    }
}
