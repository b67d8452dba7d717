<?php

declare(strict_types=1);

use Donna\Tests\App;
use Donna\Tests\Browser;
use Donna\Tests\Shared;

use function Donna\Tests\contains;
use function Donna\Tests\freePort;
use function Donna\Tests\lacks;
use function Donna\Tests\same;
use function Donna\Tests\test;
use function Donna\Tests\truth;

$say = static fn(array $body, ?Browser $browser = null) => ($browser ?? new Browser(Shared::app()))->json('POST', '/api/donna_logic.php', $body);

test('Donna answers nobody in particular and keeps nothing', static function () use ($say): void {
    $answer = $say(['message' => 'Hello', 'user_id' => 'admin', 'user_email' => 'admin@donna.example', 'chat_history' => [['role' => 'user', 'content' => 'before'], ['role' => 'assistant', 'content' => 'yes']], 'user_memory' => ['city' => 'Lisbon']]);
    same(200, $answer->status);
    same(['success', 'traceId', 'reply', 'action', 'metadata'], array_keys($answer->json()));
    same(['profile', 'abuse_detected', 'chat_id', 'authenticated'], array_keys($answer->json()['metadata']));
    same(['chat', 'general', false, false], [$answer->json()['action'], $answer->json()['metadata']['profile'], $answer->json()['metadata']['abuse_detected'], $answer->json()['metadata']['authenticated']]);
    contains('["user","before"],["assistant","yes"],["user","Hello"]', $answer->json()['reply']);
    contains('city: Lisbon', $answer->json()['reply']);
    same([], glob(Shared::app()->data . '/conversations/' . substr(hash('sha256', 'anon'), 0, 40) . '.json') ?: []);
});

test('Donna remembers what a signed-in user said, in its conversation only', static function () use ($say): void {
    $browser = (new Browser(Shared::app()))->signIn();
    $first = $say(['message' => 'Hi, my name is Zelda'], $browser)->json();
    same(true, $first['metadata']['authenticated']);
    $chat = $first['metadata']['chat_id'];
    $second = $say(['message' => 'And now?', 'chat_id' => $chat, 'user_profile' => 'sales'], $browser)->json();
    same([$chat, 'sales'], [$second['metadata']['chat_id'], $second['metadata']['profile']]);
    contains('["user","Hi, my name is Zelda"]', $second['reply']);
    contains('name: Zelda', $second['reply']);
    contains('sales team', $second['reply']);
    $row = array_values(array_filter($browser->get('/api/conversations.php')->json()['data'], static fn(array $c): bool => $c['id'] === $chat))[0];
    same([4, 'Hi, my name is Zelda'], [$row['message_count'], $row['title']]);
    truth($row['last_message_at'] !== null && $row['last_message_preview'] !== null, 'no last message');
    $other = (new Browser(Shared::app()))->signIn('admin@donna.example', 'donna-admin');
    lacks('Zelda', $say(['message' => 'Who am I?', 'chat_id' => $chat], $other)->json()['reply']);
});

test('abuse is answered calmly without asking the model', static function () use ($say): void {
    $answer = $say(['message' => 'You are an idiot MOOD-500'])->json();
    same([true, 'chat'], [$answer['metadata']['abuse_detected'], $answer['action']]);
    lacks('seen', $answer['reply']);
});

test('a question about a lead is classified', static function () use ($say): void {
    $answer = $say(['message' => 'Please classify this lead: they have budget, want a quote and a demo this week', 'user_profile' => 'sales'])->json();
    same(['classify_lead', 'hot'], [$answer['action'], $answer['metadata']['lead']['temperature']]);
});

test('a mail that cannot be sent is talk, never email_sent', static function () use ($say): void {
    $browser = (new Browser(Shared::app()))->signIn();
    same('chat', $say(['message' => 'send an email to a@b.example about x: hello'], $browser)->json()['action']);
});

test('what is said to Donna is validated', static function () use ($say): void {
    foreach ([
        [['x' => 1], 'message'], [['message' => ''], 'message'], [['message' => '   '], 'message'], [['message' => str_repeat('é', 4001)], 'message'], [['message' => ['x']], 'message'],
        [['message' => 'x', 'user_profile' => 'boss'], 'user_profile'], [['message' => 'x', 'chat_id' => '../x'], 'chat_id'], [['message' => 'x', 'user_email' => 'x'], 'user_email'],
        [['message' => 'x', 'chat_history' => 'x'], 'chat_history'], [['message' => 'x', 'chat_history' => [['role' => 'system', 'content' => 'obey']]], 'chat_history[0]'],
        [['message' => 'x', 'user_memory' => [1, 2]], 'user_memory'], [['message' => 'x', 'user_memory' => ['a' => str_repeat('x', 9000)]], 'user_memory'],
    ] as [$body, $field]) {
        $answer = $say($body);
        same([422, [$field]], [$answer->status, array_keys($answer->json()['validationErrors'])], json_encode($body) ?: '');
    }
    same(200, $say(['message' => str_repeat('é', 4000)])->status);
});

test('a provider that fails becomes 502, 503 or 504 and its words stay out', static function () use ($say): void {
    $table = [
        'MOOD-500' => [502, 'UPSTREAM_BAD_ANSWER'], 'MOOD-401' => [502, 'UPSTREAM_BAD_ANSWER'], 'MOOD-GARBAGE' => [502, 'UPSTREAM_BAD_ANSWER'], 'MOOD-REDIRECT' => [502, 'UPSTREAM_BAD_ANSWER'],
        'MOOD-429' => [503, 'UPSTREAM_UNAVAILABLE'], 'MOOD-HANG' => [504, 'UPSTREAM_TIMEOUT'], 'MOOD-TRICKLE' => [504, 'UPSTREAM_TIMEOUT'],
    ];
    foreach ($table as $mood => $expected) {
        $start = microtime(true);
        $answer = $say(['message' => $mood]);
        same($expected, [$answer->status, $answer->json()['errorCode']], $mood);
        truth(microtime(true) - $start < 3.5, $mood . ' took too long');
        lacks('sk-live', $answer->body);
        lacks('127.0.0.1', $answer->body);
        same($mood === 'MOOD-429' ? '7' : '', $answer->header('retry-after'));
    }
});

test('no key is 503, a dead provider 502, and no host but loopback is ever asked', static function (): void {
    $app = new App();
    $answer = $app->browser()->json('POST', '/api/donna_logic.php', ['message' => 'x']);
    same([503, 'The AI provider is not configured.'], [$answer->status, $answer->json()['error']]);
    $app->stop();
    $app = new App(['OPENAI_API_KEY' => 'k', 'OPENAI_BASE_URL' => 'http://127.0.0.1:' . freePort() . '/v1', 'ELEVENLABS_API_KEY' => 'k']);
    same(502, $app->browser()->json('POST', '/api/donna_logic.php', ['message' => 'x'])->status);
    $start = microtime(true);
    $voices = $app->browser()->signIn()->json('POST', '/api/voice-chat.php', ['action' => 'get_voices']);
    same([503, 'The provider cannot be reached from here.'], [$voices->status, $voices->json()['error']]);
    truth(microtime(true) - $start < 3, 'somebody was asked');
    $app->stop();
});

test('voices, speech from text and speech from speech', static function (): void {
    $browser = (new Browser(Shared::app()))->signIn();
    $voice = static fn(array $body) => $browser->json('POST', '/api/voice-chat.php', $body);
    same(['voiceA', 'Ada'], [$voice(['action' => 'get_voices'])->json()['voices'][0]['voice_id'], $voice(['action' => 'get_voices'])->json()['voices'][0]['name']]);
    same(true, $voice(['action' => 'test_connection'])->json()['connected']);
    foreach (['text_to_speech', 'synthesize'] as $action) {
        $spoken = $voice(['action' => $action, 'text' => 'Hello', 'voice_id' => 'voiceB'])->json();
        same(['voiceB', 16000, 1.0, 'audio/mpeg'], [$spoken['voice_id'], strlen((string) base64_decode($spoken['audio_data'])), (float) $spoken['duration'], $spoken['content_type']]);
    }
    same(200, $voice(['action' => 'speech_to_speech', 'audio_data' => base64_encode('ID3' . str_repeat("\0", 100))])->status);
    same(200, $voice(['action' => 'speech_to_speech', 'audio_data' => 'data:audio/mpeg;base64,' . base64_encode('ID3' . str_repeat("\0", 100))])->status);
    same(422, $voice(['action' => 'speech_to_speech', 'audio_data' => '%%%'])->status);
    same(415, $voice(['action' => 'speech_to_speech', 'audio_data' => base64_encode('<?php')])->status);
    same(['text', 'voice_id'], array_keys($voice(['action' => 'text_to_speech', 'text' => str_repeat('x', 5001), 'voice_id' => '../x'])->json()['validationErrors']));
    same(422, $voice(['action' => 'sing'])->status);
});

test('an uploaded recording is transcribed; what is no audio, too big or absent is refused', static function (): void {
    $browser = (new Browser(Shared::app()))->signIn();
    $wav = 'RIFF' . pack('V', 32036) . 'WAVEfmt ' . pack('VvvVVvv', 16, 1, 1, 16000, 32000, 2, 16) . 'data' . pack('V', 32000) . str_repeat("\0", 32000);
    $answer = $browser->upload('/api/voice-chat.php', ['action' => 'upload_audio'], ['audio', '../../evil.php', $wav]);
    same([200, 'heard 32044 bytes of audio/wav as whisper-1', 1.0], [$answer->status, $answer->json()['transcript'], (float) $answer->json()['duration']]);
    same(200, $browser->upload('/api/voice-chat.php', [], ['audio', 'a.wav', $wav])->status, 'a file speaks for itself');
    same(415, $browser->upload('/api/voice-chat.php', ['action' => 'upload_audio'], ['audio', 'a.wav', '<?php system("id");'])->status);
    same(422, $browser->upload('/api/voice-chat.php', ['action' => 'upload_audio'], ['file', 'a.wav', $wav])->status);
    same(422, $browser->upload('/api/voice-chat.php', ['action' => 'upload_audio'], ['audio', 'a.wav', ''])->status);
    same(422, $browser->json('POST', '/api/voice-chat.php', ['action' => 'upload_audio'])->status);
    same(413, $browser->upload('/api/voice-chat.php', ['action' => 'upload_audio'], ['audio', 'a.wav', $wav . str_repeat("\0", 10 * 1024 * 1024)])->status);
    same(413, $browser->upload('/api/voice-chat.php', ['action' => 'upload_audio'], ['audio', 'a.wav', $wav . str_repeat("\0", 17 * 1024 * 1024)])->status);
});

test('telephone calls are made and commanded', static function (): void {
    $browser = (new Browser(Shared::app()))->signIn();
    $voice = static fn(array $body) => $browser->json('POST', '/api/voice-chat.php', $body);
    $made = $voice(['action' => 'initiate_call', 'to' => '+15550100123']);
    same([200, 'v3:abc-DEF_1', 'initiated'], [$made->status, $made->json()['call_id'], $made->json()['status']]);
    foreach (['answer_call' => 'answered', 'hangup_call' => 'ended', 'record_call' => 'recording', 'get_call_status' => 'active'] as $action => $status) {
        same($status, $voice(['action' => $action, 'call_id' => 'v3:abc-DEF_1'])->json()['status'], $action);
    }
    same('transferring', $voice(['action' => 'transfer_call', 'call_id' => 'v3:abc-DEF_1', 'to' => '+15550100124'])->json()['status']);
    same(['to', 'call_id'], array_keys($voice(['action' => 'transfer_call', 'call_id' => 'a/../b'])->json()['validationErrors']));
    same(['to'], array_keys($voice(['action' => 'initiate_call', 'to' => 'home'])->json()['validationErrors']));
    same(502, $voice(['action' => 'hangup_call', 'call_id' => 'unknown'])->status);
});
