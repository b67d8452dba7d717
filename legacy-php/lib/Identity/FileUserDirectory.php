<?php

declare(strict_types=1);

namespace Donna\Identity;

use Donna\Storage\JsonStore;

/** users.json (see scripts/add-user.php), and outside production the two demo users. An entry with `"disabled": true` is nobody. */
final class FileUserDirectory implements UserDirectory
{
    public const COST = 10;

    /** bcrypt's own bound; of a longer password it would look at the first bytes alone. */
    public const MAX_PASSWORD_BYTES = 72;

    /** The hash of a password nobody knows: a wrong name costs as much as a wrong password. */
    private const NOBODY = '$2y$10$39MmkykATw/CJN23lbGtDOWhiyG5FXtVAUrz7ctKPazLviLJyUXL6';

    private const DEMO = [
        'demo@donna.example' => ['id' => 'demo', 'name' => 'Demo', 'roles' => ['user'], 'password_hash' => '$2y$10$1b7Gb0SIsnb5CkCQnv/XLuvsJXHZLQ/9K97.m/Uxi1r7arl9PLWdu'],
        'admin@donna.example' => ['id' => 'admin', 'name' => 'Admin', 'roles' => ['user', 'admin'], 'password_hash' => '$2y$10$QtzCtZHIldSKSNdrMJSpfurSrOvNkVIqMkH8V5NUDqqleejocnvYW'],
    ];

    /** @param ?\Closure(string, string): bool $check stands in for password_verify() */
    public function __construct(
        private readonly JsonStore $store,
        private readonly bool $hasDemoUsers,
        private readonly ?\Closure $check = null,
    ) {}

    public function verify(string $email, #[\SensitiveParameter] string $password): ?User
    {
        $entry = $this->entries()[strtolower(trim($email))] ?? null;
        $hash = $entry['password_hash'] ?? self::NOBODY;
        $isRight = ($this->check ?? password_verify(...))($password, is_string($hash) ? $hash : self::NOBODY);
        // password_verify() reads bcrypt passwords up to a NUL, and 72 bytes of them: "right\0anything" would be right.
        $isWhole = !str_contains($password, "\0") && strlen($password) <= self::MAX_PASSWORD_BYTES;

        return $isRight && $isWhole && $entry !== null ? self::user($entry) : null;
    }

    public function find(string $id): ?User
    {
        foreach ($this->entries() as $entry) {
            if (($entry['id'] ?? null) === $id) {
                return self::user($entry);
            }
        }

        return null;
    }

    /** @return array<string, array<string, mixed>> by e-mail; the file's entries before the demo users */
    private function entries(): array
    {
        $entries = [];
        foreach ($this->store->read('users') as $entry) {
            $email = is_array($entry) && is_string($entry['email'] ?? null) ? strtolower($entry['email']) : '';
            if ($email !== '') {
                $entries[$email] ??= ['email' => $email] + $entry;
            }
        }
        foreach ($this->hasDemoUsers ? self::DEMO : [] as $email => $entry) {
            $entries[$email] ??= ['email' => $email] + $entry;
        }

        return $entries;
    }

    /** @param array<string, mixed> $entry */
    private static function user(array $entry): ?User
    {
        $hash = $entry['password_hash'] ?? null;
        if (($entry['disabled'] ?? false) !== false) {
            return null;
        }

        return User::fromArray($entry, is_string($hash) ? substr(hash('sha256', 'credentials|' . $hash), 0, 32) : '');
    }
}
