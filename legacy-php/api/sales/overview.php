<?php

declare(strict_types=1);

use Donna\App;
use Donna\Identity\Access;
use Donna\Kernel;
use Donna\Mail\SendMail;
use Donna\Sales\AddContact;
use Donna\Sales\SendText;
use Donna\Sales\ShowOverview;
use Donna\Sales\UpdateLead;
use Donna\System\RecordVoiceEvent;

require __DIR__ . '/../../lib/autoload.php';

Kernel::api([
    'GET' => static fn(App $app): ShowOverview => new ShowOverview($app->sales()),
    'POST' => [
        'add_contact' => static fn(App $app): AddContact => new AddContact($app->sales()),
        'update_lead' => static fn(App $app): UpdateLead => new UpdateLead($app->sales()),
        'send_email' => static fn(App $app): SendMail => new SendMail($app->mailer()),
        'send_text' => static fn(App $app): SendText => new SendText($app->telnyx()),
        'voice_event' => static fn(App $app): RecordVoiceEvent => new RecordVoiceEvent($app->events(), 'sales'),
    ],
], Access::UserOrGateway);
