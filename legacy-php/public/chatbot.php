<?php

declare(strict_types=1);

use Donna\App;
use Donna\Kernel;
use Donna\Page\ChatbotPage;

require __DIR__ . '/../lib/autoload.php';

Kernel::page(['GET' => static fn(App $app): ChatbotPage => new ChatbotPage($app)]);
