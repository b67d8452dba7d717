<?php

declare(strict_types=1);

namespace Donna;

/** Character-wise text work that also runs where mbstring is absent. */
final class Text
{
    public static function isUtf8(string $text): bool
    {
        return preg_match('//u', $text) === 1;
    }

    /** Length in code points, not bytes. */
    public static function length(string $text): int
    {
        return function_exists('mb_strlen') ? mb_strlen($text, 'UTF-8') : (int) preg_match_all('/./su', $text);
    }

    public static function cut(string $text, int $max): string
    {
        if (self::length($text) <= $max) {
            return $text;
        }
        preg_match('/^.{0,' . max(0, $max - 1) . '}/su', $text, $match);

        return rtrim($match[0] ?? '') . '…';
    }

    /** One line without control characters, for previews and titles. */
    public static function oneLine(string $text): string
    {
        return trim((string) preg_replace('/[\s\x00-\x1F\x7F]+/u', ' ', $text));
    }

    public static function lower(string $text): string
    {
        return function_exists('mb_strtolower') ? mb_strtolower($text, 'UTF-8') : strtolower($text);
    }
}
