<?php

declare(strict_types=1);

/** PSR-4 for the one namespace this application has; a file is only ever looked for below lib/. */
spl_autoload_register(static function (string $class): void {
    if (!str_starts_with($class, 'Donna\\')) {
        return;
    }
    $file = __DIR__ . '/' . strtr(substr($class, 6), '\\', '/') . '.php';
    if (is_file($file)) {
        require $file;
    }
});
