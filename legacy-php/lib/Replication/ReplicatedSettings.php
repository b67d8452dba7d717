<?php

declare(strict_types=1);

namespace Donna\Replication;

use Donna\Settings\Defaults;

/** Changes of an owner's settings: merge, reset. */
final class ReplicatedSettings implements ReplicatedCollection
{
    private const MAX_BYTES = 262144;
    private const MAX_NAMES = 100;

    public function isChange(array $change): bool
    {
        return Moment::isOne($change['at'] ?? null) && match ($change['kind'] ?? null) {
            'merge' => self::settings($change['changes'] ?? null) !== null,
            'reset' => true,
            default => false,
        };
    }

    public function apply(array $document, array $change): array
    {
        return $change['kind'] === 'reset' ? [] : Defaults::merge($document, self::settings($change['changes']) ?? []);
    }

    public function emptyDocument(): array
    {
        return [];
    }

    public function isDocument(array $document): bool
    {
        return count($document) <= self::MAX_NAMES && self::areNamed($document);
    }

    /** @return ?array<string, mixed> */
    private static function settings(mixed $text): ?array
    {
        if (!is_string($text) || strlen($text) > self::MAX_BYTES || !str_starts_with(ltrim($text), '{')) {
            return null;
        }
        $settings = json_decode($text, true, 32);

        return is_array($settings) && self::areNamed($settings) ? $settings : null;
    }

    /** @param array<mixed> $settings */
    private static function areNamed(array $settings): bool
    {
        foreach (array_keys($settings) as $name) {
            if (preg_match('/^[A-Za-z][A-Za-z0-9_]{0,63}$/D', (string) $name) !== 1) {
                return false;
            }
        }

        return true;
    }
}
