<?php

declare(strict_types=1);

namespace Donna\Storage;

/**
 * A document with its stamp, which stands in the same file so that both are written at once, as its first member. Whoever
 * reads a document through the store does not see it, and whoever writes one keeps it.
 */
final class Stored
{
    public const NONE = 'none';
    private const MEMBER = '~gateway';
    private const FLAGS = JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_PRESERVE_ZERO_FRACTION | JSON_THROW_ON_ERROR;

    /** @param array<mixed> $document */
    public function __construct(public readonly array $document, public readonly ?Stamp $stamp = null) {}

    public static function parse(string $bytes): self
    {
        $document = json_decode($bytes, true, 64);
        if (!is_array($document)) {
            throw new \RuntimeException('A stored document is damaged.');
        }
        $stamp = Stamp::from($document[self::MEMBER] ?? null);
        unset($document[self::MEMBER]);

        return new self($document, $stamp);
    }

    public function bytes(): string
    {
        $stamp = $this->stamp === null ? [] : [self::MEMBER => ['origin' => $this->stamp->origin, 'seq' => $this->stamp->seq]];

        return json_encode($stamp + $this->document, self::FLAGS);
    }

    /** Names stored bytes: the same bytes have the same version. */
    public static function version(?string $bytes): string
    {
        return $bytes === null ? self::NONE : hash('sha256', $bytes);
    }

    /**
     * The document's text as it would be without a stamp, and the stamp; not parsed where the stamp stands as this class
     * writes it: a document may have megabytes.
     *
     * @return array{string, ?Stamp}
     */
    public static function split(string $bytes): array
    {
        if (!str_contains($bytes, '"' . self::MEMBER . '"')) {
            // Damage may have taken the stamp: a document without one is held to be one only when it is whole.
            self::parse($bytes);

            return [$bytes, null];
        }
        $form = '~^\{"\~gateway":(\{"origin":"[0-9a-f]{32}","seq":[1-9][0-9]{0,17}\})(,|\}$)~D';
        if (preg_match($form, $bytes, $match) === 1) {
            $rest = substr($bytes, strlen($match[0]));

            return [$match[2] === ',' ? '{' . $rest : '[]', Stamp::from(json_decode($match[1], true))];
        }
        $stored = self::parse($bytes);

        return [(new self($stored->document))->bytes(), $stored->stamp];
    }
}
