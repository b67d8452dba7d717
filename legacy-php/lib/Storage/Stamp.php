<?php

declare(strict_types=1);

namespace Donna\Storage;

/** How far the gateway's changes have come in a document: the number of the last one, among those of one origin. */
final class Stamp
{
    /** @param string $origin 32 hex digits: whose numbers these are; a gateway that lost its memory has another one */
    public function __construct(public readonly string $origin, public readonly int $seq) {}

    public static function from(mixed $value): ?self
    {
        return is_array($value) && is_string($value['origin'] ?? null) && is_int($value['seq'] ?? null) && $value['seq'] > 0
            && preg_match('/^[0-9a-f]{32}$/D', $value['origin']) === 1
            ? new self($value['origin'], $value['seq'])
            : null;
    }
}
