<?php

declare(strict_types=1);

use Donna\Tests\Answer;
use Donna\Tests\Gateway;
use Donna\Tests\Shared;

use function Donna\Tests\lacks;
use function Donna\Tests\same;
use function Donna\Tests\test;
use function Donna\Tests\truth;

const BRIDGE = '/api/internal/documents.php';

$digest = static fn(string $body): string => Gateway::encode(hash('sha256', $body, true));
/** @param array<string, mixed> $claims over those of a right call */
$ask = static function (string $body, array $claims = [], string $method = 'POST') use ($digest): Answer {
    $claims += ['via' => 'internal', 'sub' => 'donna-gateway', 'bd' => $digest($body)];

    return Shared::app()->send($method, BRIDGE, Gateway::headers($method, BRIDGE, $claims) + ['Content-Type' => 'application/json'], $body);
};
$owner = str_repeat('c', 40);
$read = (string) json_encode(['action' => 'read', 'collection' => 'settings', 'owner' => $owner]);

test('the bridge to documents answers the gateway only, for the body that it has signed', static function () use ($ask, $read, $digest): void {
    same(200, $ask($read)->status);
    $browser = Shared::app()->browser();
    $browser->signIn();
    same(403, $browser->send('POST', BRIDGE, ['Content-Type' => 'application/json'], $read)->status);
    same(403, Shared::app()->send('POST', BRIDGE, ['Content-Type' => 'application/json'], $read)->status);
    foreach ([
        'a user' => ['via' => 'jwt', 'sub' => 'u1', 'roles' => ['admin']],
        'nobody' => ['via' => 'anonymous', 'sub' => null],
        'no digest' => ['bd' => null],
        'another body' => ['bd' => $digest($read . ' ')],
        'a digest in hex' => ['bd' => hash('sha256', $read)],
        'a digest that is no text' => ['bd' => ['x']],
        'another path' => ['htu' => '/api/auth/session.php'],
        'another method' => ['htm' => 'GET'],
        'the past' => ['iat' => time() - 120, 'exp' => time() - 60],
    ] as $what => $claims) {
        same([403, 'FORBIDDEN'], [($answer = $ask($read, $claims))->status, $answer->json()['errorCode']], $what);
    }
    same(405, $ask($read, [], 'PUT')->status);
});

test('the bridge refuses what is no question, and names the field', static function () use ($ask, $owner): void {
    $change = ['seq' => 1, 'kind' => 'reset', 'at' => '2027-01-01T00:00:00.000Z'];
    $apply = ['action' => 'apply', 'collection' => 'settings', 'owner' => $owner, 'origin' => str_repeat('a', 32), 'since' => 0, 'changes' => [$change]];
    foreach ([
        ['collection', ['collection' => 'users']],
        ['collection', ['collection' => '../users']],
        ['action', ['action' => 'delete']],
        ['owner', ['owner' => '../../etc/passwd']],
        ['owner', ['owner' => str_repeat('C', 40)]],
        ['owner', ['owner' => $owner . "\n"]],
        ['origin', ['origin' => 'x']],
        ['since', ['since' => -1]],
        ['since', ['since' => '0']],
        ['changes', ['changes' => []]],
        ['changes', ['changes' => array_fill(0, 101, $change)]],
        ['changes', ['changes' => [$change, $change]]],
        ['changes', ['changes' => [['seq' => 0] + $change]]],
        ['changes', ['changes' => [['at' => 'yesterday'] + $change]]],
        ['changes', ['changes' => [['kind' => 'merge', 'changes' => '[]'] + $change]]],
        ['changes', ['changes' => [['kind' => 'merge', 'changes' => '{"~gateway":{}}'] + $change]]],
        ['changes', ['collection' => 'conversations', 'changes' => [['kind' => 'create', 'id' => '../x', 'title' => 't', 'metadata' => '{}'] + $change]]],
        ['changes', ['collection' => 'conversations', 'changes' => [['kind' => 'create', 'id' => 'x', 'title' => 't', 'metadata' => '[]'] + $change]]],
        ['changes', ['collection' => 'conversations', 'changes' => [['kind' => 'change', 'id' => 'x', 'status' => 'gone'] + $change]]],
        ['limit', ['action' => 'list', 'limit' => 501]],
        ['document', ['action' => 'replace', 'ifVersion' => 'none', 'document' => '{"conversations":{"a":1}}', 'collection' => 'conversations']],
        ['document', ['action' => 'replace', 'ifVersion' => 'none', 'document' => 'no']],
        ['ifVersion', ['action' => 'replace', 'document' => '[]', 'ifVersion' => 'latest']],
    ] as [$field, $wrong]) {
        $answer = $ask((string) json_encode($wrong + $apply));
        same([422, [$field]], [$answer->status, array_keys($answer->json()['validationErrors'] ?? [])], json_encode($wrong));
    }
    same(400, $ask('{')->status);
    same(400, $ask('[]')->status);
    same(413, $ask(str_repeat(' ', 16_000_001))->status);
    same(false, is_file(Shared::app()->data . "/settings/{$owner}.json"));
});

test("what the gateway has changed is what PHP shows, and PHP's own limits do not count it", static function () use ($ask): void {
    $app = Shared::app();
    $owner = substr(hash('sha256', 'replicated'), 0, 40);
    $change = ['seq' => 4, 'kind' => 'merge', 'changes' => '{"theme":"dark","knowledge":{"faq":[]}}', 'at' => '2027-01-01T00:00:00.000Z'];
    $body = ['action' => 'apply', 'collection' => 'settings', 'owner' => $owner, 'origin' => str_repeat('a', 32), 'since' => 0, 'changes' => [$change]];
    $answers = array_map(static fn(int $i): array => $ask((string) json_encode($body))->json(), range(1, 3));
    same([1, 0, 0], array_column($answers, 'applied'));
    same($answers[0]['version'], $answers[2]['version']);
    $shown = $app->send('GET', '/api/chatbot_settings.php', Gateway::headers('GET', '/api/chatbot_settings.php', ['via' => 'jwt', 'sub' => 'replicated']));
    same('dark', $shown->json()['data']['theme']);
    lacks('~gateway', $shown->body);
    $read = $ask((string) json_encode(['action' => 'read', 'collection' => 'settings', 'owner' => $owner]))->json();
    same([4, '{"theme":"dark","knowledge":{"faq":[]}}'], [$read['seq'], $read['document']]);
    same(true, $ask((string) json_encode(['action' => 'read', 'collection' => 'settings', 'owner' => $owner, 'version' => $read['version']]))->json()['unchanged']);
});

test('changes of several gateways at once are each made once', static function () use ($digest): void {
    $app = Shared::app();
    $owner = substr(hash('sha256', 'crowded'), 0, 40);
    $requests = [];
    for ($i = 0; $i < 24; $i++) {
        $change = ['seq' => intdiv($i, 3) + 1, 'kind' => 'create', 'id' => 'conv_' . $i, 'title' => 't', 'metadata' => '{}', 'at' => '2027-01-01T00:00:00.000Z'];
        $body = (string) json_encode(['action' => 'apply', 'collection' => 'conversations', 'owner' => $owner, 'origin' => str_repeat('a', 32), 'since' => 0, 'changes' => [$change]]);
        $claims = ['via' => 'internal', 'sub' => 'donna-gateway', 'bd' => $digest($body)];
        $requests[] = ['POST', BRIDGE, Gateway::headers('POST', BRIDGE, $claims) + ['Content-Type' => 'application/json'], $body];
    }
    $applied = array_sum(array_map(static fn(Answer $answer): int => $answer->json()['applied'], $app->together($requests)));
    $stored = json_decode((string) file_get_contents("{$app->data}/conversations/{$owner}.json"), true);
    same($applied, count($stored['conversations']));
    truth($applied <= 8, 'a number was taken twice');
    same(8, $stored['~gateway']['seq']);
});
