<?php

declare(strict_types=1);

use Donna\Tests\App;
use Donna\Tests\Browser;
use Donna\Tests\Gateway;
use Donna\Tests\Shared;

use function Donna\Tests\contains;
use function Donna\Tests\lacks;
use function Donna\Tests\same;
use function Donna\Tests\test;
use function Donna\Tests\truth;

$bearer = static fn(string $method, string $path, string $sub, array $roles = ['user']): array
    => Gateway::headers($method, $path, ['via' => 'jwt', 'sub' => $sub, 'roles' => $roles]) + ['Content-Type' => 'application/json'];

test('a conversation is made, listed, changed and deleted', static function (): void {
    $browser = (new Browser(Shared::app()))->signIn('admin@donna.example', 'donna-admin');
    $made = $browser->json('POST', '/api/conversations.php', ['title' => ' Tëst ', 'profile' => 'sales', 'metadata' => ['a' => new stdClass(), 'b' => []]]);
    same(201, $made->status);
    same(['id', 'title', 'created_at', 'status', 'message_count'], array_keys($made->json()['data']));
    $id = $made->json()['data']['id'];
    $list = $browser->get('/api/conversations.php');
    same(['success', 'traceId', 'data', 'count', 'user_id'], array_keys($list->json()));
    same(['id', 'title', 'created_at', 'updated_at', 'last_message_at', 'message_count', 'status', 'last_message_preview', 'metadata'], array_keys($list->json()['data'][0]));
    same([$id, 'Tëst', 'admin'], [$list->json()['data'][0]['id'], $list->json()['data'][0]['title'], $list->json()['user_id']]);
    contains('"metadata":{"a":{},"b":[],"profile":"sales"}', $list->body);
    $changed = $browser->json('PUT', '/api/conversations.php', ['id' => $id, 'status' => 'archived', 'metadata' => new stdClass()]);
    same([200, 'archived', 'Tëst'], [$changed->status, $changed->json()['data']['status'], $changed->json()['data']['title']]);
    contains('"metadata":{}', $changed->body);
    same(200, $browser->json('DELETE', '/api/conversations.php', ['id' => $id])->status);
    same(404, $browser->json('DELETE', '/api/conversations.php', ['id' => $id])->status);
    $second = $browser->json('POST', '/api/conversations.php', new stdClass())->json()['data']['id'];
    same(200, $browser->send('DELETE', '/api/conversations.php?id=' . $second)->status);
});

test('a conversation of another user is not found', static function () use ($bearer): void {
    $app = Shared::app();
    $path = '/api/conversations.php';
    $id = $app->send('POST', $path, $bearer('POST', $path, 'alice'), '{"title":"hers"}')->json()['data']['id'];
    same(404, $app->send('PUT', $path, $bearer('PUT', $path, 'mallory'), json_encode(['id' => $id, 'title' => 'mine']))->status);
    same(404, $app->send('DELETE', $path . '?id=' . $id, $bearer('DELETE', $path, 'mallory'))->status);
    same(0, $app->send('GET', $path, $bearer('GET', $path, 'mallory'))->json()['count']);
    same('hers', $app->send('GET', $path, $bearer('GET', $path, 'alice'))->json()['data'][0]['title']);
});

test('conversation fields are validated', static function () use ($bearer): void {
    $path = '/api/conversations.php';
    $faults = static fn(string $method, array $body): array => (array) (Shared::app()->send($method, $path, $bearer($method, $path, 'v'), (string) json_encode($body))->json()['validationErrors'] ?? []);
    same(['title', 'profile', 'metadata'], array_keys($faults('POST', ['title' => str_repeat('x', 201), 'profile' => 'boss', 'metadata' => [1]])));
    same(['metadata'], array_keys($faults('POST', ['metadata' => ['x' => str_repeat('y', 9000)]])));
    same(['id'], array_keys($faults('PUT', ['title' => 'x'])));
    same(['id', 'status'], array_keys($faults('PUT', ['id' => '../x', 'status' => 'gone'])));
    same(['title'], array_keys($faults('PUT', ['id' => 'x'])));
    same(['id'], array_keys($faults('DELETE', ['x' => 1])));
});

test('settings are defaults merged with the user\'s own, and reset', static function () use ($bearer): void {
    $app = Shared::app();
    $path = '/api/chatbot_settings.php';
    $send = static fn(string $method, array $body = []) => $app->send($method, $path, $bearer($method, $path, 'settings-user'), $body === [] ? '' : (string) json_encode($body));
    same(['greeting', 'themeColor', 'position', 'profile', 'theme', 'language', 'behavior', 'knowledge', 'integrations'], array_keys($send('GET')->json()['data']));
    $saved = $send('PUT', ['themeColor' => '#abc', 'behavior' => ['tone' => 'formal'], 'language' => 'de']);
    same([200, '#abc', 'formal', true], [$saved->status, $saved->json()['data']['themeColor'], $saved->json()['data']['behavior']['tone'], $saved->json()['data']['behavior']['typingIndicator']]);
    $send('POST', ['behavior' => ['maxHistory' => 7], 'profile' => 'sales']);
    $data = $send('GET')->json()['data'];
    same(['formal', 7, 'sales', 'de', 'auto'], [$data['behavior']['tone'], $data['behavior']['maxHistory'], $data['profile'], $data['language'], $data['theme']]);
    same('Dana', $send('PUT', ['profile' => ['name' => 'Dana']])->json()['data']['profile']['name']);
    same('#2f6f8f', $app->send('GET', $path, $bearer('GET', $path, 'somebody-else'))->json()['data']['themeColor']);
    same([200, '#2f6f8f'], [$send('DELETE')->status, $send('GET')->json()['data']['themeColor']]);
});

test('settings are validated field by field', static function () use ($bearer): void {
    $path = '/api/chatbot_settings.php';
    $answer = Shared::app()->send('PUT', $path, $bearer('PUT', $path, 's2'), (string) json_encode([
        'themeColor' => 'red', 'theme' => 'pink', 'language' => 'deu', 'position' => 'middle', 'greeting' => '', 'profile' => 'boss', 'behavior' => [1], 'knowledge' => ['a' => ['b' => ['c' => ['d' => ['e' => 1]]]]],
        'integrations' => ['__proto__' => 1], 'colour' => 'x',
    ]));
    same(422, $answer->status);
    $faults = array_keys($answer->json()['validationErrors']);
    sort($faults);
    same(['behavior', 'colour', 'greeting', 'integrations', 'knowledge', 'language', 'position', 'profile', 'theme', 'themeColor'], $faults);
    same(422, Shared::app()->send('PUT', $path, $bearer('PUT', $path, 's2'), '{}')->status);
});

test('the inbox is read, filtered, classified and counted', static function (): void {
    $browser = (new Browser(Shared::app()))->signIn();
    $inbox = $browser->get('/api/marketing.php')->json()['data'];
    same([5, 5, ['emails', 'count', 'stats']], [$inbox['count'], count($inbox['emails']), array_keys($inbox)]);
    same(['unread' => 6, 'starred' => 3, 'categories' => ['lead' => 3, 'client' => 4, 'marketing' => 3, 'spam' => 2]], $inbox['stats']);
    same(12, $browser->get('/api/marketing.php?action=read_inbox&limit=100')->json()['data']['count']);
    same(['lead'], array_values(array_unique(array_column($browser->get('/api/marketing.php?action=inbox&category=lead')->json()['data']['emails'], 'category'))));
    truth(isset($browser->get('/api/marketing.php?action=classify&limit=1')->json()['data']['emails'][0]['classification']['category']), 'no classification');
    same(12, $browser->get('/api/marketing.php?action=stats')->json()['data']['count']);
    $wrong = $browser->get('/api/marketing.php?limit=101&category=boss');
    same([422, ['limit', 'category']], [$wrong->status, array_keys($wrong->json()['validationErrors'])]);
    foreach (['0', '-1', '1.5', 'x', '1e1', '007'] as $limit) {
        same(422, $browser->get('/api/marketing.php?limit=' . $limit)->status, $limit);
    }
    same(422, $browser->get('/api/marketing.php?action=explode')->status);
});

test('mail without a mail server is 503 MAIL_NOT_CONFIGURED, after validation', static function (): void {
    $browser = (new Browser(Shared::app()))->signIn();
    foreach (['/api/marketing.php' => ['send', 'send_email', 'reply_to_email'], '/api/sales/overview.php' => ['send_email']] as $path => $actions) {
        foreach ($actions as $action) {
            $answer = $browser->json('POST', $path, ['action' => $action, 'to' => 'a@b.example', 'subject' => 's', 'body' => 'b']);
            same([503, 'MAIL_NOT_CONFIGURED'], [$answer->status, $answer->json()['errorCode']], $action);
            $bad = $browser->json('POST', $path, ['action' => $action, 'to' => 'a@b', 'subject' => "s\r\nBcc: x@y.example"]);
            same([422, ['to', 'subject', 'body']], [$bad->status, array_keys($bad->json()['validationErrors'])], $action);
        }
    }
    same(503, $browser->json('POST', '/api/marketing.php', ['action' => 'reply_to_email', 'email_id' => 'mail-001', 'body' => 'b'])->status);
    same(404, $browser->json('POST', '/api/marketing.php', ['action' => 'reply_to_email', 'email_id' => 'mail-999', 'body' => 'b'])->status);
});

test('a reply is drafted by the AI from the mail, and not sent', static function (): void {
    $browser = (new Browser(Shared::app()))->signIn();
    $answer = $browser->json('POST', '/api/marketing.php', ['action' => 'draft_ai_reply', 'email_id' => 'mail-001']);
    same([200, 'draft', 'Re: Quote for 40 seats', 'priya.raman@northwind.example'], [$answer->status, $answer->json()['status'], $answer->json()['data']['subject'], $answer->json()['data']['to']]);
    contains('40 people in two offices', $answer->json()['draft']);
    same(200, $browser->json('POST', '/api/marketing.php', ['action' => 'draft_ai_reply', 'to' => 'a@b.example', 'subject' => 's', 'body' => 'Can you come?'])->status);
    same(422, $browser->json('POST', '/api/marketing.php', ['action' => 'draft_ai_reply'])->status);
});

test('sales: contacts are added and leads changed', static function (): void {
    $browser = (new Browser(Shared::app()))->signIn();
    $before = $browser->get('/api/sales/overview.php')->json()['data'];
    same(['total_contacts', 'hot_leads', 'conversion_rate'], array_keys($before['stats']));
    $added = $browser->json('POST', '/api/sales/overview.php', ['action' => 'add_contact', 'name' => 'Ada', 'email' => 'ada@b.example', 'phone' => '+1 (555) 010-0199']);
    same([200, '+15550100199', $before['stats']['total_contacts'] + 1], [$added->status, $added->json()['data']['contact']['phone'], $added->json()['data']['stats']['total_contacts']]);
    $lead = $browser->json('POST', '/api/sales/overview.php', ['action' => 'update_lead', 'lead_id' => 'lead-002', 'status' => 'won', 'score' => 0]);
    same(['won', 0], [$lead->json()['data']['lead']['status'], $lead->json()['data']['lead']['score']]);
    same(404, $browser->json('POST', '/api/sales/overview.php', ['action' => 'update_lead', 'id' => 'lead-999', 'status' => 'won'])->status);
    $bad = $browser->json('POST', '/api/sales/overview.php', ['action' => 'update_lead', 'id' => 'lead-002', 'status' => 'x', 'score' => 101]);
    same([422, ['status', 'score']], [$bad->status, array_keys($bad->json()['validationErrors'])]);
    same(['name', 'email', 'phone'], array_keys($browser->json('POST', '/api/sales/overview.php', ['action' => 'add_contact', 'email' => 'x', 'phone' => '5'])->json()['validationErrors']));
    $text = $browser->json('POST', '/api/sales/overview.php', ['action' => 'send_text', 'to' => '+15550100123', 'text' => 'hello']);
    same([200, 'sms-1', 'queued'], [$text->status, $text->json()['message_id'], $text->json()['status']]);
    same(422, $browser->json('POST', '/api/sales/overview.php', new stdClass())->status, 'no action');
});

test('secretary: tasks are read and added', static function (): void {
    $browser = (new Browser(Shared::app()))->signIn();
    $before = $browser->get('/api/secretary/dashboard.php')->json()['data'];
    truth(count($before['schedule']['meetings']) === 3, 'no meetings');
    $added = $browser->json('POST', '/api/secretary/dashboard.php', ['action' => 'add_task', 'title' => 'Water the plants', 'due' => '2026-01-31', 'priority' => 'low']);
    same([200, 'open', count($before['tasks']) + 1], [$added->status, $added->json()['data']['task']['status'], count($added->json()['data']['tasks'])]);
    foreach (['2026-02-30', 'tomorrow', '2026-1-1', '0000-00-00'] as $due) {
        same(['due'], array_keys($browser->json('POST', '/api/secretary/dashboard.php', ['action' => 'add_task', 'title' => 't', 'due' => $due])->json()['validationErrors']), $due);
    }
});

test('voice events are taken from users and from the gateway, on all three boards', static function (): void {
    $browser = (new Browser(Shared::app()))->signIn();
    same(200, $browser->json('POST', '/api/sales/overview.php', ['action' => 'voice_event', 'type' => 'call.started', 'session_id' => 's-1', 'at' => '2025-05-12T08:00:00Z', 'data' => ['a' => 1]])->status);
    foreach (['/api/sales/overview.php', '/api/secretary/dashboard.php', '/api/marketing.php'] as $path) {
        $body = (string) json_encode(['action' => 'voice_event', 'kind' => 'transcript', 'text' => 'a private word', 'at' => 1747036800000, 'payload' => ['x' => 1]]);
        $answer = Shared::app()->send('POST', $path, Gateway::headers('POST', $path, ['via' => 'internal', 'sub' => 'demo']) + ['Content-Type' => 'application/json'], $body);
        same(200, $answer->status, $path);
    }
    lacks('a private word', (string) file_get_contents(Shared::app()->data . '/events-voice.json'));
    same(422, $browser->json('POST', '/api/sales/overview.php', ['action' => 'voice_event', 'type' => '<x>'])->status);
    same(422, $browser->json('POST', '/api/sales/overview.php', ['action' => 'voice_event', 'type' => 'x', 'at' => 'then'])->status);
});

test('a voice event under the same idempotency key is recorded once on each board, and for each caller', static function (): void {
    $ids = [];
    $tell = static function (string $path, string $user, string $key) use (&$ids): string {
        $identity = ['via' => 'jwt', 'sub' => $user, 'roles' => ['user']];
        $answer = Shared::app()->send('POST', $path, Gateway::headers('POST', $path, $identity) + ['Content-Type' => 'application/json', 'Idempotency-Key' => $key], '{"action":"voice_event","kind":"turn"}');
        same(200, $answer->status);
        $ids[] = $answer->json()['data']['id'];

        return $answer->json()['message'];
    };
    same('Event recorded.', $tell('/api/sales/overview.php', 'ada', 'once'));
    same('Event was recorded before.', $tell('/api/sales/overview.php', 'ada', 'once'));
    same('Event recorded.', $tell('/api/secretary/dashboard.php', 'ada', 'once'));
    same('Event recorded.', $tell('/api/sales/overview.php', 'bob', 'once'));
    same('Event recorded.', $tell('/api/sales/overview.php', 'ada', 'twice'));
    same([$ids[0], 4], [$ids[1], count(array_unique($ids))]);
    $stored = array_column(json_decode((string) file_get_contents(Shared::app()->data . '/events-voice.json'), true), 'id');
    same(1, count(array_keys($stored, $ids[0], true)));
    $long = ['via' => 'jwt', 'sub' => 'ada', 'roles' => ['user']];
    same(422, Shared::app()->send('POST', '/api/sales/overview.php', Gateway::headers('POST', '/api/sales/overview.php', $long) + ['Content-Type' => 'application/json', 'Idempotency-Key' => str_repeat('k', 256)], '{"action":"voice_event","kind":"turn"}')->status);
});

test('system stats are for the role admin', static function (): void {
    same(403, (new Browser(Shared::app()))->signIn()->get('/api/system-stats.php')->status);
    $admin = (new Browser(Shared::app()))->signIn('admin@donna.example', 'donna-admin');
    $plain = $admin->get('/api/system-stats.php?period=week');
    same(['week', false], [$plain->json()['data']['period'], isset($plain->json()['data']['runtime'])]);
    $full = $admin->get('/api/system-stats.php?detailed=true');
    same('8.2', substr($full->json()['data']['runtime']['php_version'], 0, 3));
    lacks('/', (string) preg_replace('~"(?:since|generated_at)":"[^"]*"~', '', $full->body));
    same(['period', 'detailed'], array_keys($admin->get('/api/system-stats.php?period=year&detailed=maybe')->json()['validationErrors']));
});

test('a telnyx webhook is taken signed and fresh, byte for byte, and only so', static function (): void {
    $app = Shared::app();
    $body = '{"data":{"id":"evt-1","event_type":"call.initiated","payload":{"n":1.0}}}';
    $send = static function (string $body, ?int $timestamp = null, ?string $signed = null) use ($app): array {
        $timestamp ??= time();
        $signature = sodium_crypto_sign_detached($timestamp . '|' . ($signed ?? $body), sodium_crypto_sign_secretkey(Shared::telnyxKeys()));
        $answer = $app->send('POST', '/api/telnyx/webhook.php', ['Content-Type' => 'application/json', 'Telnyx-Timestamp' => (string) $timestamp, 'Telnyx-Signature-Ed25519' => base64_encode($signature)], $body);

        return [$answer->status, $answer->json()['status'] ?? $answer->json()['errorCode']];
    };
    same([200, 'received'], $send($body));
    same([200, 'received'], $send($body), 'a repetition');
    same(1, count(json_decode((string) file_get_contents($app->data . '/events-telnyx.json'), true)));
    same([401, 'UNAUTHENTICATED'], $send($body . ' ', null, $body), 'one byte more');
    same([401, 'UNAUTHENTICATED'], $send(str_replace('1.0', '1', $body), null, $body), 'the same meaning in other bytes');
    same([401, 'UNAUTHENTICATED'], $send($body, time() - 301), 'too old');
    same([401, 'UNAUTHENTICATED'], $send($body, time() + 301), 'from the future');
    same([200, 'received'], $send($body, time() - 290));
    same([400, 'BAD_REQUEST'], $send('not json'));
    same(401, $app->send('POST', '/api/telnyx/webhook.php', [], $body)->status, 'unsigned');
    same(401, $app->send('POST', '/api/telnyx/webhook.php', Gateway::headers('POST', '/api/telnyx/webhook.php', ['webhook' => 'verified']), $body)->status, 'where PHP has sodium it looks itself');
});

test('without a key a webhook is 503', static function (): void {
    $app = new App();
    $answer = $app->send('POST', '/api/telnyx/webhook.php', Gateway::headers('POST', '/api/telnyx/webhook.php', ['webhook' => 'verified']), '{}');
    same([503, false], [$answer->status, $answer->json()['success']]);
    $app->stop();
});

test('a PHP without sodium, mbstring and fsync takes a webhook on the gateway\'s word only', static function (): void {
    // -n loads no shared extension; what is built in is taken away by name.
    $app = new App(
        Shared::providers() + ['TELNYX_PUBLIC_KEY' => Shared::telnyxPublicKey()],
        php: ['-n', '-d', 'disable_functions=sodium_crypto_sign_verify_detached,fsync,getallheaders,apache_request_headers,filter_var,openssl_encrypt', '-d', 'display_errors=1'],
    );
    $path = '/api/telnyx/webhook.php';
    $signed = ['Telnyx-Timestamp' => (string) time(), 'Telnyx-Signature-Ed25519' => base64_encode(str_repeat('x', 64))];
    same(503, $app->send('POST', $path, $signed, '{}')->status);
    same(503, $app->send('POST', $path, $signed + Gateway::headers('POST', $path, ['via' => 'internal']), '{}')->status);
    same(200, $app->send('POST', $path, $signed + Gateway::headers('POST', $path, ['webhook' => 'verified']), '{}')->status);
    same(401, $app->send('POST', $path, ['Telnyx-Timestamp' => (string) (time() - 400)] + $signed + Gateway::headers('POST', $path, ['webhook' => 'verified']), '{}')->status, 'still too old');
    $browser = $app->browser()->signIn();
    same(201, $browser->json('POST', '/api/conversations.php', ['title' => str_repeat('é', 200)])->status);
    same(422, $browser->json('POST', '/api/conversations.php', ['title' => str_repeat('é', 201)])->status);
    same(200, $browser->json('POST', '/api/donna_logic.php', ['message' => 'Grüße'])->status);
    same(200, $browser->get('/')->status);
    $app->stop();
});
