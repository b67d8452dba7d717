<?php

declare(strict_types=1);

use Donna\App;
use Donna\Identity\Access;
use Donna\Kernel;
use Donna\Mail\SendMail;
use Donna\Marketing\DraftReply;
use Donna\Marketing\ReadInbox;
use Donna\Marketing\ReplyToEmail;
use Donna\Marketing\ShowInboxStats;
use Donna\System\RecordVoiceEvent;

require __DIR__ . '/../lib/autoload.php';

$inbox = static fn(App $app): ReadInbox => new ReadInbox($app->mailbox());
$send = static fn(App $app): SendMail => new SendMail($app->mailer());

Kernel::api([
    'GET' => [
        '' => $inbox,
        'inbox' => $inbox,
        'read_inbox' => $inbox,
        'classify' => static fn(App $app): ReadInbox => new ReadInbox($app->mailbox(), isClassified: true),
        'stats' => static fn(App $app): ShowInboxStats => new ShowInboxStats($app->mailbox()),
    ],
    'POST' => [
        'send' => $send,
        'send_email' => $send,
        'reply_to_email' => static fn(App $app): ReplyToEmail => new ReplyToEmail($app->mailbox(), $app->mailer()),
        'draft_ai_reply' => static fn(App $app): DraftReply => new DraftReply($app->mailbox(), $app->chatModel()),
        'voice_event' => static fn(App $app): RecordVoiceEvent => new RecordVoiceEvent($app->events(), 'marketing'),
    ],
], Access::UserOrGateway);
