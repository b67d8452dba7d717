<?php

declare(strict_types=1);

use Donna\Tests\App;
use Donna\Tests\CountedApp;
use Donna\Tests\Gateway;
use Donna\Tests\Shared;

use function Donna\Tests\directory;
use function Donna\Tests\same;
use function Donna\Tests\test;
use function Donna\Tests\truth;

require_once __DIR__ . '/../support/counted-app.php';

/** Name → [caller, method, target, body, most operations in the data directory]. The counts before issue 6 stand in README.md. */
$requests = [
    'health' => ['nobody', 'GET', '/api/health.php', null, 0],
    'health, with a session cookie' => ['session', 'GET', '/api/health.php', null, 0],
    'realtime-websocket' => ['session', 'GET', '/api/realtime-websocket.php', null, 3],
    'conversations.list' => ['session', 'GET', '/api/conversations.php', null, 6],
    'conversations.list, by the gateway' => ['gateway', 'GET', '/api/conversations.php', null, 4],
    'conversations.create' => ['gateway', 'POST', '/api/conversations.php', ['title' => 'new'], 12],
    'conversations.change' => ['gateway', 'PUT', '/api/conversations.php', ['id' => 'kept', 'title' => 'other'], 12],
    'conversations.remove, of none' => ['gateway', 'DELETE', '/api/conversations.php?id=none', null, 6],
    'chatbot_settings.show' => ['session', 'GET', '/api/chatbot_settings.php', null, 6],
    'chatbot_settings.show, by the gateway' => ['gateway', 'GET', '/api/chatbot_settings.php', null, 4],
    'chatbot_settings.save' => ['gateway', 'POST', '/api/chatbot_settings.php', ['greeting' => 'Hello'], 12],
    'chatbot_settings.reset' => ['gateway', 'DELETE', '/api/chatbot_settings.php', null, 12],
    'marketing.inbox' => ['gateway', 'GET', '/api/marketing.php', null, 6],
    'marketing.classify' => ['gateway', 'GET', '/api/marketing.php?action=classify', null, 6],
    'marketing.stats' => ['gateway', 'GET', '/api/marketing.php?action=stats', null, 6],
    'marketing.send, no mail server' => ['gateway', 'POST', '/api/marketing.php', ['action' => 'send', 'to' => 'a@b.example', 'subject' => 's', 'body' => 'b'], 3],
    'marketing.draft_ai_reply' => ['gateway', 'POST', '/api/marketing.php', ['action' => 'draft_ai_reply', 'email_id' => 'mail-001'], 6],
    'marketing.voice_event' => ['gateway', 'POST', '/api/marketing.php', ['action' => 'voice_event', 'type' => 'call.started'], 12],
    'sales.overview' => ['gateway', 'GET', '/api/sales/overview.php', null, 5],
    'sales.add_contact' => ['gateway', 'POST', '/api/sales/overview.php', ['action' => 'add_contact', 'name' => 'Ada'], 12],
    'sales.update_lead' => ['gateway', 'POST', '/api/sales/overview.php', ['action' => 'update_lead', 'id' => 'lead-001', 'score' => 9], 12],
    'sales.send_text' => ['gateway', 'POST', '/api/sales/overview.php', ['action' => 'send_text', 'to' => '+15550100', 'text' => 'x'], 3],
    'secretary.dashboard' => ['gateway', 'GET', '/api/secretary/dashboard.php', null, 7],
    'secretary.add_task' => ['gateway', 'POST', '/api/secretary/dashboard.php', ['action' => 'add_task', 'title' => 't'], 14],
    'system-stats' => ['gateway', 'GET', '/api/system-stats.php?detailed=1', null, 18],
    'donna_logic, nobody' => ['nobody', 'POST', '/api/donna_logic.php', ['message' => 'Hello'], 3],
    'donna_logic' => ['gateway', 'POST', '/api/donna_logic.php', ['message' => 'Hello', 'chat_id' => 'kept'], 14],
    'donna_logic, a fact' => ['gateway', 'POST', '/api/donna_logic.php', ['message' => 'my name is Zelda', 'chat_id' => 'kept'], 23],
    'donna_logic, the same fact' => ['gateway', 'POST', '/api/donna_logic.php', ['message' => 'my name is Zelda', 'chat_id' => 'kept'], 14],
    'voice-chat.get_voices' => ['gateway', 'POST', '/api/voice-chat.php', ['action' => 'get_voices'], 3],
    'voice-chat.text_to_speech' => ['gateway', 'POST', '/api/voice-chat.php', ['action' => 'text_to_speech', 'text' => 'Hello'], 3],
    'voice-chat.speech_to_speech' => ['gateway', 'POST', '/api/voice-chat.php', ['action' => 'speech_to_speech', 'audio_data' => base64_encode('ID3' . str_repeat("\0", 100))], 3],
    'voice-chat.initiate_call' => ['gateway', 'POST', '/api/voice-chat.php', ['action' => 'initiate_call', 'to' => '+15550100'], 3],
    'voice-chat.get_call_status' => ['gateway', 'POST', '/api/voice-chat.php', ['action' => 'get_call_status', 'call_id' => 'v3:abc-DEF_1'], 3],
    'telnyx webhook, a repetition' => ['webhook', 'POST', '/api/telnyx/webhook.php', ['data' => ['id' => 'evt', 'event_type' => 'call.initiated']], 6],
    'internal documents, read' => ['internal', 'POST', '/api/internal/documents.php', ['action' => 'read', 'collection' => 'settings', 'owner' => substr(hash('sha256', 'eve'), 0, 40)], 1],
    'auth.session, by the gateway' => ['internal', 'GET', '/api/auth/session.php', null, 2],
    'auth.login' => ['session', 'POST', '/api/auth/login.php', ['email' => 'eve@donna.example', 'password' => 'correct horse battery'], 25],
    'login.php' => ['nobody', 'GET', '/login.php', null, 11],
    '/' => ['session', 'GET', '/', null, 5],
    'chatbot.php' => ['session', 'GET', '/chatbot.php', null, 5],
    'receptionist.php' => ['session', 'GET', '/receptionist.php', null, 5],
    'auth.logout' => ['session', 'POST', '/api/auth/logout.php', [], 5],
];

test('file operations of each request stay within their bounds', static function () use ($requests): void {
    $counted = new CountedApp();
    $signed = static fn(int $at, string $text): array => ['Telnyx-Timestamp' => (string) $at, 'Telnyx-Signature-Ed25519' => base64_encode(
        sodium_crypto_sign_detached("{$at}|{$text}", sodium_crypto_sign_secretkey(Shared::telnyxKeys())),
    )];
    $ask = static function (string $caller, string $method, string $target, ?array $body) use ($counted, $signed) {
        $text = $body === null ? '' : (string) json_encode((object) $body);
        $type = ['Content-Type' => 'application/json'];

        return match ($caller) {
            'nobody' => $counted->app->send($method, $target, $type, $text),
            'internal' => $counted->app->send($method, $target, Gateway::headers($method, $target, [
                'via' => 'internal',
                'bd' => Gateway::encode(hash('sha256', $text, true)),
            ]) + $type + $counted->browser->headers('GET'), $text),
            'webhook' => $counted->app->send($method, $target, $type + $signed(time(), $text), $text),
            'gateway' => $counted->asGateway($method, $target, $body),
            'session' => $body === null ? $counted->browser->send($method, $target) : $counted->browser->send($method, $target, $type, $text),
        };
    };
    // All folders and documents are there.
    $counted->asGateway('POST', '/api/donna_logic.php', ['message' => 'my company is Donna', 'chat_id' => 'kept']);
    foreach ($requests as $name => [$caller, $method, $target, $body]) {
        if (!str_starts_with($name, 'auth.l') && !str_contains($name, 'fact')) {
            $ask($caller, $method, $target, $body);
        }
    }
    foreach ($requests as $name => [$caller, $method, $target, $body, $most]) {
        $answer = $ask($caller, $method, $target, $body);
        if ($name === 'auth.login') {
            $counted->browser->csrf = $answer->json()['data']['csrf_token'];
        }
        truth($answer->status < 500 || str_contains($name, 'no mail server'), "{$name}: {$answer->body}");
        $last = $counted->last();
        if (getenv('SHOW_FILE_OPERATIONS') !== false) {
            echo sprintf('%4d  %s  %s', $counted->total(), $name, json_encode($last['operations']['data'])), "\n";
        }
        truth($counted->total() <= $most, "{$name} may do {$most} file operations: " . json_encode($last['paths']));
        $isOnce = static fn(array $counts): bool => array_filter($counts, static fn(int $n, string $p): bool => $n > 1 && !str_starts_with($p, 'rate/'), ARRAY_FILTER_USE_BOTH) === [];
        truth($isOnce($last['paths']['rename'] ?? []), "{$name} writes a document twice: " . json_encode($last['paths']['rename'] ?? []));
        if ($method === 'GET' && str_starts_with($target, '/api/')) {
            truth($isOnce($last['paths']['open'] ?? []), "{$name} opens a document twice: " . json_encode($last['paths']['open'] ?? []));
            $made = array_diff_key($last['paths']['write'] ?? [], array_flip(preg_grep('~^rate/~', array_keys($last['paths']['write'] ?? []))));
            same([[], []], [$made, $last['paths']['mkdir'] ?? []], "{$name} writes");
        }
    }
    $counted->stop();
});

test('who reads what was never written leaves nothing behind', static function (): void {
    $data = directory('nothing');
    $app = new App(['DONNA_DATA_DIR' => $data]);
    $signed = static fn(string $path): array => Gateway::headers('GET', $path, ['via' => 'jwt', 'sub' => 'new', 'roles' => ['user', 'admin']]);
    foreach (['health', 'conversations', 'chatbot_settings', 'marketing', 'sales/overview', 'secretary/dashboard', 'system-stats', 'realtime-websocket'] as $name) {
        $path = "/api/{$name}.php";
        truth($app->send('GET', $path, $signed($path) + ['Cookie' => 'DONNASESSID=' . str_repeat('a', 48)])->status !== 500, $name);
        same(401, $app->send('GET', '/api/conversations.php', ['Cookie' => 'DONNASESSID=' . str_repeat('b', 48)])->status);
    }
    same(['.', '..'], scandir($data));
    $app->stop();
});

test('ten megabytes of speech go through memory alone, and not through all of it', static function (): void {
    $counted = new CountedApp();
    $audio = 'ID3' . str_repeat("\x01\xFE", 5_200_000);
    $answer = $counted->asGateway('POST', '/api/voice-chat.php', ['action' => 'speech_to_speech', 'audio_data' => base64_encode($audio)]);
    same(200, $answer->status, substr($answer->body, 0, 300));
    $last = $counted->last();
    // The limiter's own, and nothing else anywhere.
    same([1, 0], [count($last['paths']['open']), array_sum($last['operations']['other'])]);
    truth($last['peak'] < 60_000_000, 'the peak was ' . $last['peak'] . ' bytes');
    $upload = $counted->browser->upload('/api/voice-chat.php', ['action' => 'upload_audio'], ['audio', 'a.mp3', $audio]);
    same(200, $upload->status, substr($upload->body, 0, 300));
    // PHP's own temporary file of an upload: opened, and removed once it is read.
    $other = $counted->last()['operations']['other'];
    same([1, 1, 0], [$other['open'], $other['unlink'], $other['write'] ?? 0]);
    truth($counted->last()['peak'] < 40_000_000, 'the peak was ' . $counted->last()['peak'] . ' bytes');
    $counted->stop();
});
