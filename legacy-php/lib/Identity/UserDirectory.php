<?php

declare(strict_types=1);

namespace Donna\Identity;

interface UserDirectory
{
    /** Null for a wrong name and for a wrong password, after the same work. */
    public function verify(string $email, #[\SensitiveParameter] string $password): ?User;

    /** The user as he is now; null for one who is gone or disabled. */
    public function find(string $id): ?User;
}
