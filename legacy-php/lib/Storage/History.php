<?php

declare(strict_types=1);

namespace Donna\Storage;

/** How long a kept list may become: a number of entries and of bytes (as JSON). What is older goes first. */
final class History
{
    public function __construct(public readonly int $maxCount, public readonly int $maxBytes) {}

    /**
     * @param list<array<string, mixed>> $list
     * @param ?string $by the entry's member that says how old it is, as text that sorts; null where the list itself is in order,
     *        oldest first
     * @return list<array<string, mixed>> in the order that it had; the newest entry stays, whatever its size
     */
    public function newest(array $list, ?string $by = null): array
    {
        $list = array_values($list);
        if (count($list) <= $this->maxCount && self::size($list) <= $this->maxBytes) {
            return $list;
        }
        $order = array_keys($list);
        if ($by !== null) {
            $age = static fn(int $at): string => is_string($list[$at][$by] ?? null) ? $list[$at][$by] : '';
            usort($order, static fn(int $a, int $b): int => strcmp($age($a), $age($b)) ?: $a <=> $b);
        }
        $kept = [];
        $bytes = 2;
        foreach (array_reverse(array_slice($order, -$this->maxCount)) as $at) {
            $bytes += self::size($list[$at]) + 1;
            if ($kept !== [] && $bytes > $this->maxBytes) {
                break;
            }
            $kept[$at] = true;
        }

        return array_values(array_intersect_key($list, $kept));
    }

    private static function size(mixed $value): int
    {
        return strlen((string) json_encode($value, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_PARTIAL_OUTPUT_ON_ERROR));
    }
}
