<?php

declare(strict_types=1);

namespace Donna;

/** The settings this process was started with. php-fpm hands them over in $_SERVER, `php -S` and WebAssembly by getenv(). */
final class Environment
{
    /** @param array<string, mixed> $server what the SAPI put into $_SERVER (a client reaches only its HTTP_* names) */
    public function __construct(private readonly array $server = []) {}

    public function get(string $name, string $default = ''): string
    {
        $value = $this->server[$name] ?? getenv($name);

        return is_string($value) && $value !== '' ? trim($value) : $default;
    }

    public function flag(string $name, bool $default): bool
    {
        return match (strtolower($this->get($name))) {
            'true', '1', 'yes', 'on' => true,
            'false', '0', 'no', 'off' => false,
            default => $default,
        };
    }

    public function integer(string $name, int $default, int $min, int $max): int
    {
        $value = $this->get($name);

        return preg_match('/^-?[0-9]{1,15}$/D', $value) === 1 ? max($min, min($max, (int) $value)) : $default;
    }

    /** @return list<string> */
    public function list(string $name): array
    {
        return array_values(array_filter(array_map('trim', explode(',', $this->get($name))), static fn(string $v): bool => $v !== ''));
    }

    /** Others can reach it: a preview is no place for users whose passwords are published. */
    public function isPublic(): bool
    {
        return in_array($this->get('NODE_ENV'), ['production', 'preview'], true);
    }

    public function dataDirectory(): string
    {
        return rtrim($this->get('DONNA_DATA_DIR', dirname(__DIR__) . '/var'), '/');
    }
}
