<?php

declare(strict_types=1);

use Donna\Tests\App;
use Donna\Tests\Child;
use Donna\Tests\Gateway;
use Donna\Tests\Shared;
use Donna\Tests\Workshop;

use function Donna\Tests\directory;
use function Donna\Tests\freePort;
use function Donna\Tests\lacks;
use function Donna\Tests\same;
use function Donna\Tests\test;
use function Donna\Tests\truth;

test('mail goes to the gateway by a signed call, and by no other way', static function (): void {
    $port = freePort();
    $out = directory('mail') . '/taken';
    new Child(
        [PHP_BINARY, '-S', '127.0.0.1:' . $port, __DIR__ . '/../support/mail-gateway.php'],
        ['MAIL_OUT' => $out, 'GATEWAY_IDENTITY_SECRET' => Gateway::SECRET],
        Workshop::$root . '/mail-gateway.log',
    );
    Child::await($port);
    $taken = static fn(): array => array_map(static fn(string $line): array => (array) json_decode($line, true), file($out) ?: []);
    $app = new App(Shared::providers() + ['GATEWAY_INTERNAL_URL' => 'http://127.0.0.1:' . $port]);
    $browser = $app->browser()->signIn();
    $mail = ['action' => 'send_email', 'to' => 'a@b.example', 'subject' => 'Grüße', 'body' => "Hello\n.\nbye"];

    $sent = $browser->json('POST', '/api/marketing.php', $mail);
    [$call] = $taken();
    same([200, true, 'queued', '<' . md5($call['fields']['idempotency_key']) . '@donna.example>'], [$sent->status, $sent->json()['success'], $sent->json()['status'], $sent->json()['message_id']]);
    same(['POST /api/internal/mail', true], [$call['path'], $call['signed']]);
    same(['alg' => 'HS256', 'typ' => 'gateway-call+jwt'], $call['head']);
    same(['donna-php', 'donna-gateway', 'POST', '/api/internal/mail', 60], [$call['claims']['iss'], $call['claims']['aud'], $call['claims']['htm'], $call['claims']['htu'], $call['claims']['exp'] - $call['claims']['iat']]);
    same([['a@b.example'], 'Grüße', "Hello\n.\nbye"], [$call['fields']['to'], $call['fields']['subject'], $call['fields']['text']]);
    same($sent->json()['traceId'], $call['trace']);
    truth(($call['fields']['owner'] ?? '') !== '', 'no owner');

    same('queued', $browser->json('POST', '/api/sales/overview.php', $mail)->json()['status']);
    same('queued', $browser->json('POST', '/api/marketing.php', ['action' => 'reply_to_email', 'email_id' => 'mail-001', 'body' => 'Yes.'])->json()['status']);
    same(true, array_values(array_filter($browser->get('/api/marketing.php?limit=100')->json()['data']['emails'], static fn(array $e): bool => $e['id'] === 'mail-001'))[0]['answered']);
    $ask = ['message' => 'Please send an email to bob@b.example about lunch: at noon?'];
    same('email_sent', $browser->json('POST', '/api/donna_logic.php', $ask)->json()['action']);
    same(4, count($taken()));
    same('chat', $app->browser()->json('POST', '/api/donna_logic.php', $ask)->json()['action'], 'not for strangers');
    same(4, count($taken()));
    same(4, count(array_unique(array_column(array_column($taken(), 'fields'), 'idempotency_key'))), 'one key a request');
    same(4, count(array_unique(array_column(array_column($taken(), 'claims'), 'jti'))));
    lacks('b.example', (string) file_get_contents($app->data . '/outbox.json'));

    // The client's key is told under a name that is its user's alone.
    $headers = static fn(string $key): array => ['Content-Type' => 'application/json', 'Idempotency-Key' => $key] + $browser->headers('POST');
    foreach (['k1', 'k1', 'k2'] as $key) {
        same(200, $browser->send('POST', '/api/marketing.php', $headers($key), (string) json_encode($mail))->status);
    }
    $keys = array_slice(array_column(array_column($taken(), 'fields'), 'idempotency_key'), -3);
    same([true, false, false], [$keys[0] === $keys[1], $keys[1] === $keys[2], in_array('k1', $keys, true)]);
    same(422, $browser->send('POST', '/api/marketing.php', $headers(str_repeat('k', 201)), (string) json_encode($mail))->status);

    foreach (['off' => [503, 'MAIL_NOT_CONFIGURED'], 'full' => [503, 'UPSTREAM_UNAVAILABLE'], 'unfit' => [422, 'VALIDATION_FAILED'], 'stranger' => [502, 'UPSTREAM_BAD_ANSWER'], 'page' => [503, 'UPSTREAM_UNAVAILABLE']] as $subject => $expected) {
        $answer = $browser->json('POST', '/api/marketing.php', ['subject' => $subject] + $mail);
        same($expected, [$answer->status, $answer->json()['errorCode']], $subject);
        lacks('/var/gateway', $answer->body);
    }
    // What it notes of a mail is not the mail: one that is taken is never told as refused, to be sent again.
    file_put_contents($app->data . '/outbox.json', '{"damaged');
    same([200, 'queued'], [($noted = $browser->json('POST', '/api/marketing.php', $mail))->status, $noted->json()['status']]);
    file_put_contents($app->data . '/outbox.json', '[]');

    same(['body'], array_keys($browser->json('POST', '/api/marketing.php', ['subject' => 'unfit'] + $mail)->json()['validationErrors']));
    same('chat', $browser->json('POST', '/api/donna_logic.php', ['message' => 'Please send an email to bob@b.example about off: at noon?'])->json()['action']);
    $app->stop();

    $before = count($taken());
    $elsewhere = ['nobody there' => 'http://127.0.0.1:' . freePort(), 'another host' => 'http://mail.example.com', 'a path' => "http://127.0.0.1:{$port}/x", 'credentials' => "http://u:p@127.0.0.1:{$port}"];
    foreach ($elsewhere as $what => $url) {
        $app = new App(['GATEWAY_INTERNAL_URL' => $url]);
        same(503, $app->browser()->signIn()->json('POST', '/api/marketing.php', $mail)->status, $what);
        $app->stop();
    }
    same($before, count($taken()));
});
