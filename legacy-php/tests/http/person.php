<?php

declare(strict_types=1);

use Donna\Tests\Answer;
use Donna\Tests\Gateway;
use Donna\Tests\Shared;

use function Donna\Tests\lacks;
use function Donna\Tests\same;
use function Donna\Tests\test;
use function Donna\Tests\truth;

const PERSON = '/api/internal/person.php';

/** @param array<string, mixed> $claims over those of a right call */
$ask = static function (array $question, array $claims = []): Answer {
    $body = (string) json_encode($question);
    $claims += ['via' => 'internal', 'sub' => 'donna-gateway', 'bd' => Gateway::encode(hash('sha256', $body, true))];

    return Shared::app()->send('POST', PERSON, Gateway::headers('POST', PERSON, $claims) + ['Content-Type' => 'application/json'], $body);
};
/** @param array<string, mixed> $body */
$as = static function (string $subject, string $method, string $path, array $body = []): Answer {
    $headers = Gateway::headers($method, $path, ['via' => 'jwt', 'sub' => $subject, 'email' => $subject . '@person.example']);

    return Shared::app()->send($method, $path, $headers + ['Content-Type' => 'application/json'], $body === [] ? '' : (string) json_encode($body));
};
$countsByPart = static function (string $subject, array $more = []) use ($ask): array {
    return array_filter(array_map(static fn(array $part): int => $part['count'], $ask(['action' => 'inspect', 'subject' => $subject] + $more)->json()['parts']));
};

test('a person is told of to the gateway only, for the body that it has signed', static function () use ($ask): void {
    $question = ['action' => 'inspect', 'subject' => 'anybody'];
    same(200, $ask($question)->status);
    same(403, Shared::app()->send('POST', PERSON, ['Content-Type' => 'application/json'], (string) json_encode($question))->status);
    foreach ([['bd' => null], ['bd' => 'x'], ['via' => 'jwt', 'sub' => 'admin', 'roles' => ['admin']], ['htu' => '/api/internal/documents.php']] as $claims) {
        same(403, $ask($question, $claims)->status);
    }
    foreach ([['subject' => ''], ['subject' => ['x']], ['subject' => str_repeat('x', 256)], ['action' => 'drop'], ['email' => 'no'], ['action' => 'export', 'part' => '../users']] as $wrong) {
        same(422, $ask($wrong + $question)->status, (string) json_encode($wrong));
    }
});

test('all that is kept of a person is handed over, then erased, and nobody else loses anything', static function () use ($ask, $as, $countsByPart): void {
    $app = Shared::app();
    $owner = substr(hash('sha256', 'zoe'), 0, 40);
    foreach (['zoe', 'yan'] as $subject) {
        same(201, $as($subject, 'POST', '/api/conversations.php', ['title' => 'Secret of ' . $subject])->status);
        same(200, $as($subject, 'POST', '/api/chatbot_settings.php', ['greeting' => 'Hi from ' . $subject])->status);
        same(200, $as($subject, 'POST', '/api/donna_logic.php', ['message' => 'Hello, my name is ' . ucfirst($subject)])->status);
        same(200, $as($subject, 'POST', '/api/sales/overview.php', ['action' => 'voice_event', 'kind' => 'call.started'])->status);
        same(200, $as($subject, 'POST', '/api/sales/overview.php', ['action' => 'add_contact', 'name' => $subject, 'email' => ucfirst($subject) . '@person.example'])->status);
    }
    @mkdir("{$app->data}/replaced");
    file_put_contents("{$app->data}/replaced/conversations-{$owner}-0123456789abcdef.json", '{}');
    $mail = ['email' => 'zoe@person.example'];
    $has = $countsByPart('zoe', $mail);
    same(['conversations' => 2, 'settings' => 1, 'memory' => 1, 'copies' => 1, 'voiceEvents' => 1, 'contacts' => 1], $has);
    $export = $ask(['action' => 'export', 'part' => 'conversations', 'subject' => 'zoe'])->json();
    same(['conversations', 2], [$export['part'], count($export['items'])]);
    $others = $countsByPart('yan', ['email' => 'yan@person.example']);
    same(200, $ask(['action' => 'erase', 'subject' => 'zoe'] + $mail)->status);
    same([], $countsByPart('zoe', $mail));
    same($others, $countsByPart('yan', ['email' => 'yan@person.example']));
    // Again: nothing to do, no harm.
    same(200, $ask(['action' => 'erase', 'subject' => 'zoe'] + $mail)->status);
    $files = new RecursiveIteratorIterator(new RecursiveDirectoryIterator($app->data, FilesystemIterator::SKIP_DOTS));
    foreach ($files as $file) {
        lacks('zoe', strtolower((string) file_get_contents($file->getPathname())));
    }
});

test('what comes late does not bring an erased person back', static function () use ($ask, $as, $countsByPart): void {
    $owner = substr(hash('sha256', 'ida'), 0, 40);
    $as('ida', 'POST', '/api/conversations.php', ['title' => 'x']);
    same(200, $ask(['action' => 'erase', 'subject' => 'ida'])->status);
    // A request that was under way, a talk whose model was slow, a change of the gateway, an event, a document put back.
    foreach ([
        $as('ida', 'POST', '/api/conversations.php', ['title' => 'late']),
        $as('ida', 'POST', '/api/chatbot_settings.php', ['greeting' => 'late']),
        $as('ida', 'POST', '/api/donna_logic.php', ['message' => 'Hello, my name is Ida']),
    ] as $answer) {
        same([503, '600'], [$answer->status, $answer->header('retry-after')], $answer->body);
    }
    $as('ida', 'POST', '/api/sales/overview.php', ['action' => 'voice_event', 'kind' => 'call.late']);
    foreach ([
        ['action' => 'apply', 'origin' => str_repeat('a', 32), 'since' => 0, 'changes' => [['seq' => 1, 'kind' => 'create', 'id' => 'x', 'title' => 't', 'metadata' => '{}', 'at' => '2027-01-01T00:00:00.000Z']]],
        ['action' => 'replace', 'ifVersion' => 'none', 'document' => '{"conversations":[]}'],
    ] as $question) {
        $body = (string) json_encode($question + ['collection' => 'conversations', 'owner' => $owner]);
        $claims = ['via' => 'internal', 'sub' => 'donna-gateway', 'bd' => Gateway::encode(hash('sha256', $body, true))];
        $path = '/api/internal/documents.php';
        same(503, Shared::app()->send('POST', $path, Gateway::headers('POST', $path, $claims) + ['Content-Type' => 'application/json'], $body)->status);
    }
    same([], $countsByPart('ida'));
    // What is read meanwhile is empty, not an error; after some minutes the person may begin anew.
    same([200, 0], [($list = $as('ida', 'GET', '/api/conversations.php'))->status, $list->json()['count']]);
    touch(Shared::app()->data . '/erased/' . $owner, time() - 601);
    same(201, $as('ida', 'POST', '/api/conversations.php', ['title' => 'anew'])->status);
});

test('with the account its sessions end and its address is found, and the others stay signed in', static function () use ($ask, $countsByPart): void {
    $app = Shared::app();
    $users = [['id' => 'user_kim', 'email' => 'Kim@person.example', 'name' => 'Kim', 'roles' => ['user'], 'password_hash' => password_hash('a long password', PASSWORD_BCRYPT, ['cost' => 4])]];
    file_put_contents("{$app->data}/users.json", json_encode($users));
    file_put_contents("{$app->data}/outbox.json", json_encode([['message_id' => '1', 'owner' => 'yan', 'to' => 'kim@person.example'], ['message_id' => '2', 'owner' => 'yan', 'to' => 'other@person.example']]));
    $kim = $app->browser()->signIn('kim@person.example', 'a long password');
    $demo = $app->browser()->signIn();
    same(['sentMail' => 1, 'sessions' => 1, 'account' => 1], $countsByPart('user_kim'));
    foreach (['account', 'sessions'] as $part) {
        $told = $ask(['action' => 'export', 'subject' => 'user_kim', 'part' => $part])->body;
        lacks('$2y$', $told);
        lacks($kim->cookies['DONNASESSID'], $told);
    }
    same(200, $ask(['action' => 'erase', 'subject' => 'user_kim', 'account' => true])->status);
    same([], $countsByPart('user_kim', ['email' => 'kim@person.example']));
    same(401, $kim->get('/api/conversations.php')->status);
    same(200, $demo->get('/api/conversations.php')->status);
    same(['2'], array_column(json_decode((string) file_get_contents("{$app->data}/outbox.json"), true), 'message_id'));
    unlink("{$app->data}/users.json");
});
