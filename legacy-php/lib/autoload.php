<?php

declare(strict_types=1);

/**
 * PSR-4 for the one namespace this application has; a file is only ever looked for below lib/. It is not asked for before it is
 * opened: a class that has none is a fault, and told as one.
 */
spl_autoload_register(static function (string $class): void {
    if (!str_starts_with($class, 'Donna\\')) {
        return;
    }
    require __DIR__ . '/' . strtr(substr($class, 6), '\\', '/') . '.php';
});
