<?php

declare(strict_types=1);

use Donna\Http\Request;
use Donna\Http\TraceId;
use Donna\Identity\FileUserDirectory;
use Donna\Identity\GatewayIdentity;
use Donna\Storage\JsonStore;
use Donna\Tests\Gateway;

use function Donna\Tests\directory;
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

test('only the gateway itself asks about somebody', static function () use ($verify): void {
    same('u1', $verify(Gateway::token('GET', '/api/x.php', ['via' => 'internal', 'about' => 'u1']))?->about);
    foreach ([['via' => 'jwt', 'sub' => 'u2', 'about' => 'u1'], ['about' => 'u1'], ['via' => 'internal'], ['via' => 'internal', 'about' => ''], ['via' => 'internal', 'about' => ['u1']]] as $claims) {
        $assertion = $verify(Gateway::token('GET', '/api/x.php', $claims));
        truth($assertion !== null, 'refused');
        same(null, $assertion->about);
    }
});

/** @param list<array<string, mixed>> $entries */
$directoryOf = static function (array $entries, bool $hasDemoUsers = false, ?Closure $check = null): FileUserDirectory {
    $store = new JsonStore(directory('users'));
    $store->update('users', static fn(): array => $entries);

    return new FileUserDirectory($store, $hasDemoUsers, $check);
};
$hashOf = static fn(string $password): string => password_hash($password, PASSWORD_BCRYPT, ['cost' => 4]);

test('one password is checked whoever is named: known, unknown or disabled', static function () use ($directoryOf, $hashOf): void {
    $checked = [];
    $users = $directoryOf(
        [
            ['id' => 'u1', 'email' => 'a@b.example', 'name' => 'A', 'roles' => ['user'], 'password_hash' => $hashOf('right')],
            ['id' => 'u2', 'email' => 'off@b.example', 'name' => 'B', 'roles' => ['user'], 'disabled' => true, 'password_hash' => $hashOf('right')],
            ['id' => 'u3', 'email' => 'none@b.example', 'name' => 'C', 'roles' => ['user']],
        ],
        false,
        static function (string $password, string $hash) use (&$checked): bool {
            $checked[] = password_get_info($hash)['algoName'];

            return password_verify($password, $hash);
        },
    );
    same('u1', $users->verify('A@b.example ', 'right')?->id);
    foreach (['a@b.example', 'nobody@b.example', 'off@b.example', 'none@b.example', ''] as $email) {
        same(null, $users->verify($email, 'wrong'));
    }
    foreach (['off@b.example', 'none@b.example', 'nobody@b.example', ''] as $email) {
        same(null, $users->verify($email, 'right'));
    }
    same(array_fill(0, 10, 'bcrypt'), $checked);
});

test('a password is right as a whole, not up to a NUL or to byte 72', static function () use ($directoryOf, $hashOf): void {
    $long = str_repeat('x', 72);
    $users = $directoryOf([
        ['id' => 'u1', 'email' => 'a@b.example', 'name' => 'A', 'roles' => [], 'password_hash' => $hashOf('right')],
        ['id' => 'u2', 'email' => 'b@b.example', 'name' => 'B', 'roles' => [], 'password_hash' => $hashOf($long)],
    ]);
    same('u1', $users->verify('a@b.example', 'right')?->id);
    same(null, $users->verify('a@b.example', "right\0anything"));
    same(null, $users->verify('a@b.example', "right\0"));
    same('u2', $users->verify('b@b.example', $long)?->id);
    same(null, $users->verify('b@b.example', $long . 'y'));
});

test('a user is found as he is now, with a mark that changes with his password alone', static function () use ($directoryOf, $hashOf): void {
    $entry = ['id' => 'u1', 'email' => 'demo@donna.example', 'name' => 'A', 'roles' => ['user'], 'password_hash' => $hashOf('right')];
    $mark = (string) $directoryOf([$entry])->find('u1')?->credentials;
    same(32, strlen($mark));
    same($mark, $directoryOf([['roles' => ['admin'], 'name' => 'Z'] + $entry])->find('u1')?->credentials);
    truth($mark !== $directoryOf([['password_hash' => $hashOf('other')] + $entry])->find('u1')?->credentials, 'the same mark');
    same(null, $directoryOf([['disabled' => true] + $entry])->find('u1'));
    same(null, $directoryOf([$entry])->find('u2'));
    same(null, $directoryOf([$entry])->find(''));
    same('demo', $directoryOf([], true)->find('demo')?->id);
    same(null, $directoryOf([], false)->find('demo'));
    same(null, $directoryOf([$entry], true)->find('demo'), 'the address belongs to somebody of the file');
    truth(!str_contains($entry['password_hash'], $mark), 'the mark is a piece of the hash');
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
