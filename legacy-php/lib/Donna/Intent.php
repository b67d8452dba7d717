<?php

declare(strict_types=1);

namespace Donna\Donna;

use Donna\Text;
use Donna\Validation\Validators;

/** What a message asks for beyond talk, read from its words alone: the model decides nothing that acts. */
final class Intent
{
    /** @return ?array{to: string, subject: string, body: string} from "send an email to a@b.example about X: text" */
    public static function mail(string $message): ?array
    {
        $pattern = '/\b(?:send|write)\s+(?:an?\s+)?e-?mail\s+to\s+<?([^\s<>,;]+@[^\s<>,;:]+?)>?[.,;:]?(?:\s+(?:about|regarding|with subject)\s+(.{1,150}?))?(?:\s*:\s*|\s+(?:saying|that says)\s+)(.+)$/isu';
        if (preg_match($pattern, trim($message), $match) !== 1 || !Validators::isEmail($match[1])) {
            return null;
        }
        $body = trim($match[3], " \t\n\r\"'");

        return $body === '' ? null : [
            'to' => $match[1],
            'subject' => Text::cut(Text::oneLine($match[2]) === '' ? Text::oneLine($body) : Text::oneLine($match[2]), 120),
            'body' => $body,
        ];
    }

    public static function isLeadQuestion(string $message): bool
    {
        return preg_match('/\b(?:classify|qualify|rate|score)\b.{0,40}\blead\b/isu', $message) === 1;
    }

    /** @return array{temperature: string, score: int} by the signs of need, time and money in the text */
    public static function lead(string $message): array
    {
        $text = Text::lower($message);
        $signs = ['budget', 'quote', 'price', 'pricing', 'demo', 'this week', 'today', 'urgent', 'asap', 'seats', 'ready to', 'sign', 'contract', 'interested', 'trial'];
        $against = ['not interested', 'no budget', 'next year', 'just looking', 'maybe later', 'unsubscribe'];
        $count = static fn(array $words): int => count(array_filter($words, static fn(string $w): bool => str_contains($text, $w)));
        $score = max(0, min(100, 30 + 15 * $count($signs) - 30 * $count($against)));

        return ['temperature' => $score >= 70 ? 'hot' : ($score >= 45 ? 'warm' : 'cold'), 'score' => $score];
    }

    /** @return array<string, string> facts the speaker tells about themselves */
    public static function facts(string $message): array
    {
        $facts = [];
        if (preg_match('/\bmy name is\s+([\p{L}][\p{L}\'-]{0,39}(?:\s+\p{Lu}[\p{L}\'-]{0,39})?)/u', $message, $match) === 1) {
            $facts['name'] = $match[1];
        }
        if (preg_match('/\bmy company is\s+([\p{L}\p{N}][\p{L}\p{N} &\'-]{0,59})/u', $message, $match) === 1) {
            $facts['company'] = trim($match[1]);
        }
        if (preg_match('/\bi prefer\s+([\p{L}\p{N}][^.!?\r\n]{0,79})/iu', $message, $match) === 1) {
            $facts['preference'] = trim($match[1]);
        }

        return $facts;
    }
}
