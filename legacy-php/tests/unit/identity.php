<?php

declare(strict_types=1);

use Donna\Http\Request;
use Donna\Http\TraceId;
use Donna\Identity\GatewayIdentity;
use Donna\Tests\Gateway;

use function Donna\Tests\same;
use function Donna\Tests\test;
use function Donna\Tests\truth;

$verify = static fn(string $token, string $method = 'GET', string $path = '/api/x.php', string $secret = Gateway::SECRET)
    => (new GatewayIdentity($secret))->verify($token, $method, $path, time());

test('a right assertion tells who calls', static function () use ($verify): void {
    $assertion = $verify(Gateway::token('GET', '/api/x.php', ['via' => 'jwt', 'sub' => 'u1', 'roles' => ['user', 'admin'], 'email' => 'a@b.example']));
    same('u1', $assertion?->user()?->id);
    same(['user', 'admin'], $assertion?->user()?->roles);
    same('a@b.example', $assertion?->user()?->email);
    same(null, $verify(Gateway::token('GET', '/api/x.php'))?->user());
    $internal = $verify(Gateway::token('GET', '/api/x.php', ['via' => 'internal', 'sub' => 'u1']));
    same(true, $internal?->isInternal());
    same(null, $internal?->user());
    same(false, $internal?->isWebhookVerified);
    same(true, $verify(Gateway::token('GET', '/api/x.php', ['webhook' => 'verified']))?->isWebhookVerified);
});

test('an assertion that does not hold in every part is none', static function () use ($verify): void {
    $good = Gateway::token('GET', '/api/x.php', ['via' => 'jwt', 'sub' => 'u1']);
    truth($verify($good) !== null, 'the good one is refused');
    [$header, $claims, $signature] = explode('.', $good);
    $none = Gateway::encode('{"alg":"none","typ":"gateway-identity+jwt"}');
    $bad = [
        'empty' => '',
        'two parts' => "{$header}.{$claims}",
        'four parts' => $good . '.x',
        'no signature' => "{$header}.{$claims}.",
        'another signature' => "{$header}.{$claims}." . Gateway::encode(str_repeat("\0", 32)),
        'alg none' => "{$none}.{$claims}.",
        'alg none with signature' => "{$none}.{$claims}.{$signature}",
        'padding' => $good . '=',
        'newline' => $good . "\n",
        'changed claims' => "{$header}." . Gateway::encode(str_replace('u1', 'u2', (string) base64_decode($claims))) . ".{$signature}",
        'another secret' => Gateway::token('GET', '/api/x.php', ['via' => 'jwt', 'sub' => 'u1'], [], 'another secret that is long enough too'),
        'alg HS512' => Gateway::token('GET', '/api/x.php', [], ['alg' => 'HS512']),
        'alg in small letters' => Gateway::token('GET', '/api/x.php', [], ['alg' => 'hs256']),
        'typ JWT' => Gateway::token('GET', '/api/x.php', [], ['typ' => 'JWT']),
        'crit' => Gateway::token('GET', '/api/x.php', [], ['crit' => ['b64']]),
        'method' => Gateway::token('POST', '/api/x.php'),
        'path' => Gateway::token('GET', '/api/y.php'),
        'path in another spelling' => Gateway::token('GET', '/api//x.php'),
        'issuer' => Gateway::token('GET', '/api/x.php', ['iss' => 'donna']),
        'via' => Gateway::token('GET', '/api/x.php', ['via' => 'root']),
        'no via' => Gateway::token('GET', '/api/x.php', ['via' => null]),
        'expired' => Gateway::token('GET', '/api/x.php', ['iat' => time() - 70, 'exp' => time() - 6]),
        'from the future' => Gateway::token('GET', '/api/x.php', ['iat' => time() + 9]),
        'no exp' => Gateway::token('GET', '/api/x.php', ['exp' => null]),
        'exp as text' => Gateway::token('GET', '/api/x.php', ['exp' => (string) (time() + 60)]),
        'jwt without subject' => Gateway::token('GET', '/api/x.php', ['via' => 'jwt']),
        'subject not a text' => Gateway::token('GET', '/api/x.php', ['via' => 'jwt', 'sub' => ['u1']]),
        'far too long' => Gateway::token('GET', '/api/x.php', ['pad' => str_repeat('a', 9000)]),
    ];
    foreach ($bad as $what => $token) {
        same(null, $verify($token), $what);
    }
    same(null, $verify(Gateway::token('GET', '/api/x.php', [], [], ''), secret: ''), 'an empty secret');
});

test('an assertion has five seconds of grace', static function () use ($verify): void {
    truth($verify(Gateway::token('GET', '/api/x.php', ['exp' => time() - 3])) !== null, 'expired 3 s ago');
    truth($verify(Gateway::token('GET', '/api/x.php', ['iat' => time() + 3])) !== null, 'made 3 s in the future');
});

test('any single changed character breaks an assertion', static function () use ($verify): void {
    $good = Gateway::token('GET', '/api/x.php', ['via' => 'jwt', 'sub' => 'u1']);
    for ($i = 0; $i < strlen($good); $i++) {
        $bad = $good;
        $bad[$i] = $good[$i] === 'A' ? 'B' : 'A';
        truth($verify($bad) === null, 'changed at ' . $i);
    }
});

test('the trace id is the given one, else that of traceparent, else new', static function (): void {
    $of = static fn(array $headers): string => TraceId::of(new Request('GET', '/', headers: $headers));
    same('abcdefgh-1', $of(['x-trace-id' => 'abcdefgh-1', 'traceparent' => '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01']));
    same('0af7651916cd43dd8448eb211c80319c', $of(['x-trace-id' => 'no', 'traceparent' => '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01']));
    truth($of(['traceparent' => '00-00000000000000000000000000000000-b7ad6b7169203331-01']) !== str_repeat('0', 32), 'an all-zero trace-id');
    foreach (['abc', str_repeat('a', 65), 'abcdefgh<script>', '00-zz'] as $bad) {
        truth(preg_match('/^[0-9a-f]{32}$/D', $of(['x-trace-id' => $bad, 'traceparent' => $bad])) === 1, 'taken: ' . $bad);
    }
});
