<?php

declare(strict_types=1);

namespace Donna\Settings;

use Donna\Storage\JsonStore;

final class FileSettingsRepository implements SettingsRepository
{
    private const FOLDER = 'settings';

    public function __construct(private readonly JsonStore $store) {}

    public function of(string $owner): array
    {
        return $this->store->read(JsonStore::nameFor(self::FOLDER, $owner));
    }

    public function merge(string $owner, array $changes): array
    {
        $merged = [];
        $this->store->update(JsonStore::nameFor(self::FOLDER, $owner), static function (array $own) use ($changes, &$merged): array {
            return $merged = Defaults::merge($own, $changes);
        });

        return $merged;
    }

    public function reset(string $owner): void
    {
        $this->store->update(JsonStore::nameFor(self::FOLDER, $owner), static fn(array $own): ?array => $own === [] ? null : []);
    }
}
