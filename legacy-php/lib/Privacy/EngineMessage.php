<?php

declare(strict_types=1);

namespace Donna\Privacy;

/** The text of an error as a log may carry it: kept where PHP's engine wrote it, without what it quotes; anybody may have written another. */
final class EngineMessage
{
    private const ENGINE = '~^(?:Division by zero|Modulo by zero|Allowed memory size of|Maximum execution time|Maximum call stack|syntax error|Unclosed|Array to string|'
        . 'Unsupported operand|Trying to access|Class "|Interface "|Trait "|Typed property|Too few arguments|[A-Za-z0-9_\\\\:]{1,120}\(\): Argument \#[0-9]|Failed opening required)~';
    /** What follows these is a name, which data may have made. */
    private const NAMING = '~^(?:Undefined (?:variable|array key|offset|index|property|constant|global variable)|Call to (?:undefined|private|protected) (?:function|method|constructor)|'
        . 'Call to a member function|Attempt to (?:read|assign) property|Cannot (?:redeclare|access|use|unset|pass|assign|modify|instantiate|unpack|declare|make|override))\b~';
    private const SYSTEM = '/: ((?:Failed|failed) to open (?:stream|dir): )?(No such file or directory|Permission denied|No space left on device|Is a directory|'
        . 'Not a directory|File exists|Too many open files|Read-only file system|Connection refused|Connection timed out|Broken pipe|Operation not permitted)$/D';
    private const CLASSES = [
        \Error::class, \TypeError::class, \ValueError::class, \ArgumentCountError::class, \ArithmeticError::class, \DivisionByZeroError::class,
        \ParseError::class, \ErrorException::class,
    ];

    public static function of(\Throwable $error, Cleaner $cleaner): string
    {
        $text = $error->getMessage();
        if (in_array($error::class, self::CLASSES, true)) {
            if (preg_match(self::NAMING, $text, $match) === 1) {
                return $match[0];
            }
            if (preg_match(self::ENGINE, $text) === 1) {
                return $cleaner->text(self::withoutQuoted(substr($text, 0, 2048)));
            }
            if (preg_match(self::SYSTEM, $text, $match) === 1) {
                $function = preg_match('/^[a-z_0-9]{1,40}(?=\()/', $text, $name) === 1 ? $name[0] : '';

                return $function . '(): ' . $match[1] . $match[2];
            }
        }

        return '[' . strlen($text) . ' bytes]';
    }

    private static function withoutQuoted(string $text): string
    {
        foreach (['"', '`', "'"] as $quote) {
            $first = strpos($text, $quote);
            $last = strrpos($text, $quote);
            if ($first !== false && $last !== $first) {
                $text = substr($text, 0, $first + 1) . '[text]' . substr($text, (int) $last);
            }
        }

        return $text;
    }
}
