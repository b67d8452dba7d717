<?php

declare(strict_types=1);

// Router script: the application as router.php serves it, with its file operations counted.
require __DIR__ . '/count-files.php';

return require __DIR__ . '/../../router.php';
