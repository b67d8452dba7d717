<?php

declare(strict_types=1);

/**
 * Adds or changes a user: DONNA_DATA_DIR=… php legacy-php/scripts/add-user.php EMAIL NAME [ROLE…]
 * The password is read from standard input, so that it is in no process list and no shell history.
 */

use Donna\Environment;
use Donna\Identity\FileUserDirectory;
use Donna\Storage\JsonStore;
use Donna\Validation\Validators;

if (PHP_SAPI !== 'cli') {
    exit(1);
}
require __DIR__ . '/../lib/autoload.php';

$email = strtolower($argv[1] ?? '');
$name = $argv[2] ?? '';
$roles = array_slice($argv, 3) ?: ['user'];
if (!Validators::isEmail($email) || !Validators::isText($name, 1, 120) || array_diff($roles, ['user', 'admin']) !== []) {
    fwrite(STDERR, "usage: php add-user.php EMAIL NAME [user] [admin]   (password on standard input)\n");
    exit(2);
}
$password = rtrim((string) fgets(STDIN), "\r\n");
if (strlen($password) < 12 || strlen($password) > 72 || str_contains($password, "\0")) {
    fwrite(STDERR, "The password must have 12 to 72 bytes.\n");
    exit(2);
}
$hash = password_hash($password, PASSWORD_BCRYPT, ['cost' => FileUserDirectory::COST]);
$store = new JsonStore((new Environment())->dataDirectory());
$store->update('users', static function (array $users) use ($email, $name, $roles, $hash): array {
    $id = 'user_' . bin2hex(random_bytes(8));
    foreach ($users as $i => $user) {
        if ($user['email'] === $email) {
            $id = $user['id'];
            unset($users[$i]);
        }
    }

    return [...array_values($users), ['id' => $id, 'email' => $email, 'name' => $name, 'roles' => array_values($roles), 'password_hash' => $hash]];
});
echo "saved\n";
