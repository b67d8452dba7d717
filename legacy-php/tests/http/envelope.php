<?php

declare(strict_types=1);

use Donna\Tests\App;
use Donna\Tests\Gateway;
use Donna\Tests\Shared;

use function Donna\Tests\contains;
use function Donna\Tests\lacks;
use function Donna\Tests\same;
use function Donna\Tests\test;
use function Donna\Tests\truth;

test('health answers its envelope with trace id and security headers', static function (): void {
    $answer = Shared::app()->send('GET', '/api/health.php', ['X-Trace-Id' => 'trace-12345']);
    same(200, $answer->status);
    same(['success', 'traceId', 'ok', 'service', 'version', 'time'], array_keys($answer->json()));
    same(['trace-12345', 'trace-12345'], [$answer->json()['traceId'], $answer->header('x-trace-id')]);
    same(['nosniff', 'DENY', 'strict-origin-when-cross-origin', 'no-store'], [$answer->header('x-content-type-options'), $answer->header('x-frame-options'), $answer->header('referrer-policy'), $answer->header('cache-control')]);
    same('', $answer->header('x-powered-by'));
    same('application/json; charset=utf-8', $answer->header('content-type'));
});

test('HEAD answers as GET without a body', static function (): void {
    $answer = Shared::app()->send('HEAD', '/api/health.php');
    same([200, ''], [$answer->status, $answer->body]);
    truth((int) $answer->header('content-length') > 50, 'no length');
});

test('a wrong method is 405 with Allow on every endpoint', static function (): void {
    $table = [
        'health.php' => ['POST', 'GET, HEAD, OPTIONS'], 'donna_logic.php' => ['GET', 'POST, OPTIONS'], 'conversations.php' => ['PATCH', 'GET, POST, PUT, DELETE, HEAD, OPTIONS'],
        'chatbot_settings.php' => ['PATCH', 'GET, POST, PUT, DELETE, HEAD, OPTIONS'], 'marketing.php' => ['PUT', 'GET, POST, HEAD, OPTIONS'], 'voice-chat.php' => ['GET', 'POST, OPTIONS'],
        'sales/overview.php' => ['DELETE', 'GET, POST, HEAD, OPTIONS'], 'secretary/dashboard.php' => ['DELETE', 'GET, POST, HEAD, OPTIONS'], 'system-stats.php' => ['POST', 'GET, HEAD, OPTIONS'],
        'telnyx/webhook.php' => ['GET', 'POST, OPTIONS'], 'auth/login.php' => ['GET', 'POST, OPTIONS'], 'auth/logout.php' => ['GET', 'POST, OPTIONS'], 'auth/session.php' => ['POST', 'GET, HEAD, OPTIONS'],
    ];
    foreach ($table as $path => [$method, $allow]) {
        $answer = Shared::app()->send($method, '/api/' . $path);
        same([405, 'METHOD_NOT_ALLOWED', false], [$answer->status, $answer->json()['errorCode'], $answer->json()['success']], $path);
        $actual = explode(', ', $answer->header('allow'));
        same([], array_diff(explode(', ', $allow), $actual), $path);
        same(count(explode(', ', $allow)), count($actual), $path);
    }
});

test('endpoints for users answer 401 with WWW-Authenticate to nobody', static function (): void {
    foreach (['GET /api/conversations.php', 'PUT /api/chatbot_settings.php', 'GET /api/marketing.php', 'POST /api/voice-chat.php', 'GET /api/sales/overview.php', 'POST /api/secretary/dashboard.php', 'GET /api/system-stats.php'] as $line) {
        [$method, $path] = explode(' ', $line);
        $answer = Shared::app()->send($method, $path);
        same([401, 'UNAUTHENTICATED'], [$answer->status, $answer->json()['errorCode']], $line);
        truth($answer->header('www-authenticate') !== '', $line);
    }
});

test('the retired realtime endpoint is 410 for any method and names its successor', static function (): void {
    foreach (['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'] as $method) {
        $answer = Shared::app()->send($method, '/api/realtime-websocket.php');
        same([410, 'GONE'], [$answer->status, $answer->json()['errorCode']], $method);
        contains('/api/realtime/token', $answer->json()['error']);
    }
});

test('CORS knows its exact origins and answers preflights', static function (): void {
    $app = new App(['ALLOWED_ORIGINS' => 'https://app.example, https://admin.example', 'ENABLE_PHP_SECURITY_HEADERS' => 'false']);
    $preflight = $app->send('OPTIONS', '/api/conversations.php', ['Origin' => 'https://app.example', 'Access-Control-Request-Method' => 'PUT']);
    same([204, 'https://app.example', 'true', 'Origin'], [$preflight->status, $preflight->header('access-control-allow-origin'), $preflight->header('access-control-allow-credentials'), $preflight->header('vary')]);
    contains('PUT', $preflight->header('access-control-allow-methods'));
    contains('X-CSRF-Token', $preflight->header('access-control-allow-headers'));
    foreach (['https://app.example.evil.example', 'http://app.example', 'null', 'https://APP.example'] as $origin) {
        $answer = $app->send('GET', '/api/health.php', ['Origin' => $origin]);
        same('', $answer->header('access-control-allow-origin'), $origin);
        same('Origin', $answer->header('vary'));
    }
    same('', $app->send('GET', '/api/health.php')->header('x-frame-options'), 'security headers off');
    $app->stop();
});

test('whatever dies, the answer is the envelope and tells nothing', static function (): void {
    $app = new App([], __DIR__ . '/../support/fatal-api.php', 2);
    foreach (['memory', 'exception', 'type', 'notice', 'undefined', 'parse', 'exit'] as $how) {
        $answer = $app->send('GET', '/?how=' . $how, ['X-Trace-Id' => 'trace-' . $how]);
        same([500, 'INTERNAL', false, 'trace-' . $how], [$answer->status, $answer->json()['errorCode'], $answer->json()['success'], $answer->json()['traceId']], $how);
        foreach (['stray', '.php', 'SELECT', 'Stack', '/work', 'Fatal', '<b>'] as $secret) {
            lacks($secret, $answer->body);
        }
    }
    same(200, $app->send('GET', '/')->status);
    $log = (string) file_get_contents($app->log);
    contains('"msg":"request.failed"', $log);
    lacks('SELECT *', $log);
    $app->stop();
});

test('a damaged document is a 500 envelope without its path', static function (): void {
    $app = new App();
    file_put_contents($app->data . '/mailbox.json', '{"half":');
    $browser = $app->browser()->signIn();
    $answer = $browser->get('/api/marketing.php');
    same([500, 'INTERNAL'], [$answer->status, $answer->json()['errorCode']]);
    lacks('mailbox', $answer->body);
    $app->stop();
});

test('malformed bodies are told apart', static function (): void {
    $browser = Shared::app()->browser()->signIn();
    $send = static fn(string $type, string $body): int => $browser->send('POST', '/api/conversations.php', ['Content-Type' => $type], $body)->status;
    same(400, $send('application/json', '{"title":'));
    same(400, $send('application/json', '[1,2]'));
    same(400, $send('application/json', '"text"'));
    same(400, $send('application/json', "{\"title\":\"\xFF\"}"));
    same(400, $send('application/json', str_repeat('{"a":', 40) . '1' . str_repeat('}', 40)));
    same(415, $send('text/plain', '{"title":"x"}'));
    same(413, $send('application/json', '{"title":"' . str_repeat('x', 300000) . '"}'));
    same(201, $send('application/json; charset=utf-8', '{"title":"x"}'));
    same(201, $send('application/x-www-form-urlencoded', 'title=x'));
    same(422, $send('application/x-www-form-urlencoded', 'title[]=x'));
});

test('action must not be told twice and differently', static function (): void {
    $browser = Shared::app()->browser()->signIn();
    $answer = $browser->json('POST', '/api/secretary/dashboard.php?action=get_tasks', ['action' => 'add_task', 'title' => 'x']);
    same([422, 'is given twice, and differently'], [$answer->status, $answer->json()['validationErrors']['action']]);
    same(200, $browser->json('POST', '/api/secretary/dashboard.php?action=get_tasks', ['action' => 'get_tasks'])->status);
    $wrong = $browser->get('/api/secretary/dashboard.php?action=add_task');
    same([405, 'POST'], [$wrong->status, $wrong->header('allow')]);
    same(422, $browser->get('/api/secretary/dashboard.php?action[]=x')->status);
    same(422, $browser->json('POST', '/api/secretary/dashboard.php?action=add_task&title=x', new stdClass())->status, 'a title from the query');
    same(422, $browser->get('/api/secretary/dashboard.php?action=drop')->status);
});

test('a caller above its limit gets 429 with Retry-After, the gateway itself never', static function (): void {
    $app = new App(['ENABLE_PHP_RATE_LIMITING' => 'true', 'PHP_RATE_LIMIT' => '5']);
    $statuses = array_map(static fn(): int => $app->send('POST', '/api/donna_logic.php')->status, range(1, 7));
    same([422, 422, 422, 422, 422, 429, 429], $statuses);
    $refused = $app->send('POST', '/api/donna_logic.php');
    same('RATE_LIMITED', $refused->json()['errorCode']);
    truth((int) $refused->header('retry-after') >= 1, 'no Retry-After');
    same(200, $app->send('GET', '/api/health.php')->status, 'health is not limited');
    // A spelled address counts only in the gateway's mouth, and there the last one does.
    same(429, $app->send('POST', '/api/donna_logic.php', ['X-Forwarded-For' => '203.0.113.9'])->status);
    $signed = Gateway::headers('POST', '/api/donna_logic.php');
    same(422, $app->send('POST', '/api/donna_logic.php', $signed + ['X-Forwarded-For' => '127.0.0.1, 203.0.113.9'])->status);
    same(429, $app->send('POST', '/api/donna_logic.php', $signed + ['X-Forwarded-For' => '203.0.113.9, 127.0.0.1'])->status);
    for ($i = 0; $i < 8; $i++) {
        same(200, $app->send('GET', '/api/auth/session.php', Gateway::headers('GET', '/api/auth/session.php', ['via' => 'internal']))->status);
    }
    $app->stop();
});
