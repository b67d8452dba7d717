<?php

declare(strict_types=1);

use Donna\App;
use Donna\Conversations\ChangeConversation;
use Donna\Conversations\CreateConversation;
use Donna\Conversations\ListConversations;
use Donna\Conversations\RemoveConversation;
use Donna\Kernel;

require __DIR__ . '/../lib/autoload.php';

Kernel::api([
    'GET' => static fn(App $app): ListConversations => new ListConversations($app->conversations()),
    'POST' => static fn(App $app): CreateConversation => new CreateConversation($app->conversations()),
    'PUT' => static fn(App $app): ChangeConversation => new ChangeConversation($app->conversations()),
    'DELETE' => static fn(App $app): RemoveConversation => new RemoveConversation($app->conversations()),
]);
