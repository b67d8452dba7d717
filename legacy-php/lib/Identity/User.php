<?php

declare(strict_types=1);

namespace Donna\Identity;

/** Who calls. */
final class User
{
    /**
     * @param list<string> $roles
     * @param string $credentials changes with the password and tells nothing of it; '' where it is not known
     */
    public function __construct(
        public readonly string $id,
        public readonly string $email,
        public readonly string $name,
        public readonly array $roles,
        public readonly string $credentials = '',
    ) {}

    public function has(string $role): bool
    {
        return in_array($role, $this->roles, true);
    }

    /** @return array{id: string, email: string, name: string, roles: list<string>} */
    public function toArray(): array
    {
        return ['id' => $this->id, 'email' => $this->email, 'name' => $this->name, 'roles' => $this->roles];
    }

    public static function fromArray(mixed $data, string $credentials = ''): ?self
    {
        if (!is_array($data) || !is_string($data['id'] ?? null) || $data['id'] === '') {
            return null;
        }
        $roles = is_array($data['roles'] ?? null) ? array_values(array_filter($data['roles'], 'is_string')) : [];
        $email = $data['email'] ?? '';
        $name = $data['name'] ?? '';

        return new self($data['id'], is_string($email) ? $email : '', is_string($name) ? $name : '', $roles, $credentials);
    }
}
