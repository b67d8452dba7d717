<?php

declare(strict_types=1);

namespace Donna\Privacy;

/**
 * Decides what a log line may carry, as the gateway's src/privacy/ does: a value goes by its field's name and by what it looks like. Work per line is
 * bounded. Without pseudonyms, what would be one is masked.
 */
final class Cleaner
{
    private const MAX_TEXT = 1024;
    private const MAX_WORD = 256;
    private const MAX_DEPTH = 4;
    private const MAX_FIELDS = 64;
    private const MAX_ENTRIES = 50;
    private const LARGEST_COUNT = 1e13;
    private const ENTITIES = ['commat' => '@', 'period' => '.', 'plus' => '+', 'amp' => '&', 'quot' => '"', 'apos' => "'", 'lt' => '<', 'gt' => '>', 'nbsp' => ' '];
    private const IDENTIFIER = '~^[A-Za-z0-9_.:/*-]{1,120}$~D';

    private readonly TextRules $rules;

    public function __construct(private readonly ?Pseudonyms $pseudonyms)
    {
        $this->rules = new TextRules($this->hash(...));
    }

    /** A text that anything may have got into. */
    public function text(string $text): string
    {
        if (preg_match("/^[A-Za-z ,;'.()!-]{0,200}$/D", $text) === 1 && preg_match('/bearer|basic|digest|negotiate|cookie/i', $text) !== 1) {
            return $text;
        }
        $text = self::bounded(self::wellFormed(substr($text, 0, 8 * self::MAX_TEXT)));
        if (preg_match('/%[0-9A-Fa-f]{2}|&[#a-z]|\\\\u/i', $text) === 1) {
            // A query goes before anything is decoded: a space in it would end it.
            $text = (string) preg_replace('~(?<=[A-Za-z0-9_/%.\]-])\?[^\s"\'<>|]{1,2048}~u', '?[query]', $text);
            $text = self::bounded(self::decode(self::decode($text)));
        }
        $clean = $this->rules->apply(self::onOneLine($text));
        preg_match('/^.{0,' . 2 * self::MAX_TEXT . '}/su', $clean, $match);

        return $match[0] ?? '[unreadable]';
    }

    /**
     * @param array<array-key, mixed> $fields
     * @return array<array-key, mixed>
     */
    public function line(array $fields): array
    {
        return $this->record($fields, 0);
    }

    private function hash(string $value, string $kind): string
    {
        return $this->pseudonyms?->of($value) ?? '[' . $kind . ']';
    }

    /**
     * @param array<array-key, mixed> $fields
     * @return array<array-key, mixed>
     */
    private function record(array $fields, int $depth): array
    {
        $clean = [];
        foreach ($fields as $name => $value) {
            if (count($clean) >= self::MAX_FIELDS) {
                $clean['…'] = 'more';
                break;
            }
            $name = (string) $name;
            $isPlain = strlen($name) <= 40 && preg_match(self::IDENTIFIER, $name) === 1;
            $clean[$isPlain ? $name : $this->text(substr($name, 0, 80))] = $this->value($name, $value, $depth);
        }

        return $clean;
    }

    private function value(string $name, mixed $value, int $depth): mixed
    {
        if ($value === null || is_bool($value)) {
            return $value;
        }
        $treatment = FieldRules::of($name);
        if ($treatment === Treatment::Mask) {
            return is_string($value) ? '[' . self::length($value) . ' characters]' : '[masked]';
        }
        if (is_int($value) || is_float($value)) {
            return $treatment === Treatment::Hash ? $this->hash((string) $value, 'number') : (abs($value) >= self::LARGEST_COUNT ? '[number]' : $value);
        }
        if (is_string($value)) {
            return $this->string($name, $value, $treatment);
        }
        if (!is_array($value) || $depth >= self::MAX_DEPTH) {
            return '[object]';
        }
        if (!array_is_list($value)) {
            return $this->record($value, $depth + 1);
        }
        $entries = array_map(fn(mixed $entry): mixed => $this->value($name, $entry, $depth + 1), array_slice($value, 0, self::MAX_ENTRIES));

        return count($entries) < count($value) ? [...$entries, '… ' . count($value) - count($entries) . ' more'] : $entries;
    }

    private function string(string $name, string $value, Treatment $treatment): string
    {
        switch ($treatment) {
            case Treatment::Hash:
                return $value === '' ? '' : $this->hash(self::wellFormed(substr($value, 0, 4096)), substr($name, 0, 40));
            case Treatment::Id:
                $pattern = $name === 'traceId' ? '/^[A-Za-z0-9_-]{8,64}$/D' : self::IDENTIFIER;

                return preg_match($pattern, $value) === 1 ? $value : $this->text($value);
            case Treatment::Subject:
                if (preg_match('/^[A-Za-z][A-Za-z0-9_|:-]{0,63}$/D', $value) === 1) {
                    return $value;
                }
                $clean = $this->text($value);

                return str_starts_with($clean, 'h:') ? $clean : $this->hash(self::wellFormed(substr($value, 0, 4096)), 'subject');
            default:
                return $this->text($value);
        }
    }

    /** Line ends become ` | `, control characters spaces. Marks that change direction or are not seen go: a space would part an address in two. */
    public static function onOneLine(string $text): string
    {
        $text = (string) preg_replace('/\s*[\r\n\x{2028}\x{2029}\x{85}\x{0b}\f]+\s*/u', ' | ', $text);

        $text = (string) preg_replace('/[\x{ad}\x{61c}\x{180e}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2069}\x{feff}\x{fff9}-\x{fffb}]/u', '', $text);

        return (string) preg_replace('/\p{Cc}/u', ' ', $text);
    }

    private static function wellFormed(string $text): string
    {
        return preg_match('//u', $text) === 1 ? $text : (string) json_decode((string) json_encode($text, JSON_INVALID_UTF8_SUBSTITUTE));
    }

    private static function length(string $text): int
    {
        // In UTF-16, as the gateway counts.
        return (int) preg_match_all('/./su', self::wellFormed($text)) + (int) preg_match_all('/[\x{10000}-\x{10ffff}]/u', self::wellFormed($text));
    }

    private static function bounded(string $text): string
    {
        if (strlen($text) <= self::MAX_TEXT || preg_match('/^.{' . self::MAX_TEXT . '}(?=.)/su', $text, $match) !== 1) {
            return $text;
        }
        $head = $match[0];
        $last = max((int) strrpos($head, ' '), (int) strrpos($head, "\n"));
        if (strlen($head) - $last > self::MAX_WORD) {
            preg_match('/^.{' . self::MAX_TEXT - self::MAX_WORD . '}/su', $head, $match);

            return $match[0] . ' …';
        }

        return substr($head, 0, $last) . ' …';
    }

    private static function decode(string $text): string
    {
        $text = (string) preg_replace_callback('/(?:\\\\{1,8}u[0-9A-Fa-f]{4})+/', static function (array $match): string {
            $text = json_decode('"' . preg_replace('/\\\\+/', '\\', $match[0]) . '"');

            return is_string($text) ? $text : "\u{FFFD}";
        }, $text);
        $text = (string) preg_replace_callback('/(?:%[0-9A-Fa-f]{2})+/', static fn(array $match): string => rawurldecode($match[0]), $text);

        return (string) preg_replace_callback('/&(?:#([0-9]{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,6}));?/i', static function (array $match): string {
            if (isset($match[3])) {
                return self::ENTITIES[strtolower($match[3])] ?? $match[0];
            }
            $point = isset($match[2]) ? (int) hexdec($match[2]) : (int) $match[1];

            return self::character($point) ?? $match[0];
        }, self::wellFormed($text));
    }

    private static function character(int $point): ?string
    {
        $character = $point > 0x10ffff ? null : json_decode('"' . self::escape($point) . '"');

        return is_string($character) ? $character : null;
    }

    private static function escape(int $point): string
    {
        $rest = $point - 0x10000;

        return $rest < 0 ? sprintf('\\u%04x', $point) : sprintf('\\u%04x\\u%04x', 0xd800 + ($rest >> 10), 0xdc00 + ($rest & 0x3ff));
    }
}
