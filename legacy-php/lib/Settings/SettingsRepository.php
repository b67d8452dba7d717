<?php

declare(strict_types=1);

namespace Donna\Settings;

interface SettingsRepository
{
    /** @return array<string, mixed> only what the owner has set */
    public function of(string $owner): array;

    /**
     * @param array<string, mixed> $changes merged over what is there
     * @return array<string, mixed>
     */
    public function merge(string $owner, array $changes): array;

    public function reset(string $owner): void;
}
