<?php

declare(strict_types=1);

namespace Donna\Validation;

use Donna\Text;

/** Pure yes/no questions about one value from outside. */
final class Validators
{
    /** The dot-atom form of RFC 5322 with a host name of two labels or more; quoted local parts and address literals are refused. */
    private const EMAIL = "/^[A-Za-z0-9!#$%&'*+\\/=?^_`{|}~-]+(?:\\.[A-Za-z0-9!#$%&'*+\\/=?^_`{|}~-]+)*@"
        . '(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])$/D';

    public static function isEmail(mixed $value): bool
    {
        return is_string($value) && strlen($value) <= 254 && (int) strpos($value, '@') <= 64 && preg_match(self::EMAIL, $value) === 1;
    }

    public static function isIntegerIn(mixed $value, int $min, int $max): bool
    {
        if (is_string($value) && preg_match('/^(?:0|-?[1-9][0-9]{0,17})$/D', $value) === 1) {
            $value = (int) $value;
        }

        return is_int($value) && $value >= $min && $value <= $max;
    }

    /** One path segment without surprises: no dots alone, no slash, no control characters. */
    public static function isPathPart(mixed $value, int $max = 64): bool
    {
        return is_string($value) && strlen($value) <= $max && preg_match('/^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?$/D', $value) === 1 && !str_contains($value, '..');
    }

    /** E.164: a plus sign and 7 to 15 digits, the first not zero. */
    public static function isPhone(mixed $value): bool
    {
        return is_string($value) && preg_match('/^\+[1-9][0-9]{6,14}$/D', $value) === 1;
    }

    public static function isText(mixed $value, int $min, int $max, bool $isMultiline = false): bool
    {
        if (!is_string($value) || strlen($value) > $max * 4 || !Text::isUtf8($value)) {
            return false;
        }
        $control = $isMultiline ? '/[\x00-\x08\x0B\x0C\x0E-\x1F\x7F]/' : '/[\x00-\x1F\x7F]/';
        $length = Text::length($value);

        return $length >= $min && $length <= $max && preg_match($control, $value) !== 1;
    }

    public static function isHexColour(mixed $value): bool
    {
        return is_string($value) && preg_match('/^#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/D', $value) === 1;
    }

    /** @param list<string> $choices */
    public static function isOneOf(mixed $value, array $choices): bool
    {
        return is_string($value) && in_array($value, $choices, true);
    }
}
