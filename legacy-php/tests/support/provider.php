<?php

declare(strict_types=1);

/** A stand-in for OpenAI, ElevenLabs and Telnyx: router script of a `php -S` on loopback. Words in the input choose its moods. */

$path = (string) parse_url((string) $_SERVER['REQUEST_URI'], PHP_URL_PATH);
$input = (string) file_get_contents('php://input');
$json = json_decode($input, true);
$answer = static function (int $status, mixed $body): void {
    http_response_code($status);
    header('Content-Type: application/json');
    echo json_encode($body);
};
$mood = is_array($json) ? (string) json_encode($json['messages'][array_key_last($json['messages'] ?? [0])]['content'] ?? $json['text'] ?? $json['to'] ?? '') : '';
if (str_contains($mood, 'MOOD-500')) {
    $answer(500, ['error' => ['message' => 'secret provider text sk-live-123']]);
} elseif (str_contains($mood, 'MOOD-401')) {
    $answer(401, ['error' => ['message' => 'Incorrect API key provided: sk-live-123']]);
} elseif (str_contains($mood, 'MOOD-429')) {
    header('Retry-After: 7');
    $answer(429, ['error' => 'slow down']);
} elseif (str_contains($mood, 'MOOD-GARBAGE')) {
    echo '<html>not json</html>';
} elseif (str_contains($mood, 'MOOD-REDIRECT')) {
    header('Location: /openai/v1/chat/completions', true, 307);
} elseif (str_contains($mood, 'MOOD-HANG')) {
    sleep(4);
} elseif (str_contains($mood, 'MOOD-TRICKLE')) {
    header('Content-Type: application/json');
    for ($i = 0; $i < 40; $i++) {
        echo ' ';
        while (ob_get_level() > 0) {
            ob_end_flush();
        }
        flush();
        usleep(100000);
    }
    echo '{}';
} elseif ($path === '/openai/v1/chat/completions') {
    if (str_contains($mood, 'MOOD-SLOW')) {
        usleep(700000);
    }
    $answer(($_SERVER['HTTP_AUTHORIZATION'] ?? '') === 'Bearer test-key' ? 200 : 401, ['choices' => [['message' => [
        'role' => 'assistant',
        'content' => 'seen ' . json_encode(array_map(static fn(array $m): array => [$m['role'], $m['content']], $json['messages']), JSON_UNESCAPED_UNICODE),
    ]]]]);
} elseif ($path === '/openai/v1/audio/transcriptions') {
    $answer(200, ['text' => sprintf('heard %d bytes of %s as %s', $_FILES['file']['size'] ?? 0, $_FILES['file']['type'] ?? '?', $_POST['model'] ?? '?')]);
} elseif ($path === '/elevenlabs/v1/voices') {
    $answer(($_SERVER['HTTP_XI_API_KEY'] ?? '') === 'test-key' ? 200 : 401, ['voices' => [['voice_id' => 'voiceA', 'name' => 'Ada', 'category' => 'premade'], ['voice_id' => 'voiceB', 'name' => 'Bo']]]);
} elseif (preg_match('~^/elevenlabs/v1/(text-to-speech|speech-to-speech)/([A-Za-z0-9]+)$~', $path, $m) === 1) {
    header('Content-Type: audio/mpeg');
    echo 'ID3' . str_repeat("\0", 15997);
} elseif ($path === '/telnyx/v2/calls' && $_SERVER['REQUEST_METHOD'] === 'POST') {
    $answer(200, ['data' => ['call_control_id' => 'v3:abc-DEF_1', 'call_session_id' => 'sess-1', 'is_alive' => true]]);
} elseif (preg_match('~^/telnyx/v2/calls/v3%3Aabc-DEF_1/actions/(answer|hangup|transfer|record_start)$~', $path) === 1) {
    $answer(200, ['data' => ['result' => 'ok']]);
} elseif ($path === '/telnyx/v2/calls/v3%3Aabc-DEF_1') {
    $answer(200, ['data' => ['call_control_id' => 'v3:abc-DEF_1', 'call_session_id' => 'sess-1', 'is_alive' => true, 'call_duration' => 12]]);
} elseif ($path === '/telnyx/v2/messages') {
    $answer(200, ['data' => ['id' => 'sms-1']]);
} else {
    $answer(404, ['error' => 'no such path ' . $path]);
}
