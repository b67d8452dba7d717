<?php

declare(strict_types=1);

namespace Donna\Identity;

use Donna\Storage\JsonStore;

/** users.json (see scripts/add-user.php), and outside production the two demo users. */
final class FileUserDirectory implements UserDirectory
{
    public const COST = 10;

    /** The hash of a password nobody knows: a wrong name costs as much as a wrong password. */
    private const NOBODY = '$2y$10$39MmkykATw/CJN23lbGtDOWhiyG5FXtVAUrz7ctKPazLviLJyUXL6';

    private const DEMO = [
        'demo@donna.example' => ['id' => 'demo', 'name' => 'Demo', 'roles' => ['user'], 'password_hash' => '$2y$10$1b7Gb0SIsnb5CkCQnv/XLuvsJXHZLQ/9K97.m/Uxi1r7arl9PLWdu'],
        'admin@donna.example' => ['id' => 'admin', 'name' => 'Admin', 'roles' => ['user', 'admin'], 'password_hash' => '$2y$10$QtzCtZHIldSKSNdrMJSpfurSrOvNkVIqMkH8V5NUDqqleejocnvYW'],
    ];

    public function __construct(private readonly JsonStore $store, private readonly bool $hasDemoUsers) {}

    public function verify(string $email, #[\SensitiveParameter] string $password): ?User
    {
        $email = strtolower(trim($email));
        $entry = $this->find($email);
        $hash = $entry['password_hash'] ?? self::NOBODY;
        $isRight = password_verify($password, is_string($hash) ? $hash : self::NOBODY);

        return $isRight && $entry !== null ? User::fromArray(['email' => $email] + $entry) : null;
    }

    /** @return ?array<string, mixed> */
    private function find(string $email): ?array
    {
        foreach ($this->store->read('users') as $entry) {
            if (is_array($entry) && strtolower((string) ($entry['email'] ?? '')) === $email) {
                return $entry;
            }
        }

        return $this->hasDemoUsers ? (self::DEMO[$email] ?? null) : null;
    }
}
