<?php

declare(strict_types=1);

use Donna\Tests\App;
use Donna\Tests\Gateway;
use Donna\Tests\Shared;

use function Donna\Tests\contains;
use function Donna\Tests\directory;
use function Donna\Tests\lacks;
use function Donna\Tests\same;
use function Donna\Tests\test;
use function Donna\Tests\truth;

test('signing in renews the session id and signing out ends it', static function (): void {
    $browser = Shared::app()->browser();
    $page = $browser->get('/login.php');
    $line = (string) $page->cookie('DONNASESSID');
    contains('HttpOnly', $line);
    contains('SameSite=Lax', $line);
    lacks('secure', strtolower($line));
    $before = $browser->cookies['DONNASESSID'];
    $browser->signIn();
    $after = $browser->cookies['DONNASESSID'];
    truth($before !== $after, 'the id was not renewed');
    same(200, $browser->get('/api/conversations.php')->status);
    same(401, Shared::app()->send('GET', '/api/conversations.php', ['Cookie' => 'DONNASESSID=' . $before])->status);
    same(403, $browser->send('POST', '/api/auth/logout.php', ['X-CSRF-Token' => 'wrong'])->status);
    same(200, $browser->send('POST', '/api/auth/logout.php')->status);
    same(401, Shared::app()->send('GET', '/api/conversations.php', ['Cookie' => 'DONNASESSID=' . $after])->status);
});

test('a wrong name and a wrong password get the same answer after the same work', static function (): void {
    $browser = Shared::app()->browser();
    $browser->get('/login.php');
    $try = static function (string $email) use ($browser): array {
        $start = hrtime(true);
        $answer = $browser->json('POST', '/api/auth/login.php', ['email' => $email, 'password' => 'wrong']);
        $json = $answer->json();
        unset($json['traceId']);

        return [$answer->status, $json, (hrtime(true) - $start) / 1e6];
    };
    $name = [];
    $password = [];
    for ($i = 0; $i < 5; $i++) {
        [$status, $json, $name[]] = $try('nobody@donna.example');
        [$status2, $json2, $password[]] = $try('demo@donna.example');
        same([401, $status, $json], [$status2, $status, $json2]);
    }
    truth(min($name) > 0.5 * min($password), 'a wrong name is answered faster: ' . min($name) . ' ms against ' . min($password) . ' ms');
});

test('login without its CSRF token is refused, with the field or the header taken', static function (): void {
    $app = Shared::app();
    $good = (string) json_encode(['email' => 'demo@donna.example', 'password' => 'donna-demo']);
    $none = $app->send('POST', '/api/auth/login.php', ['Content-Type' => 'application/json'], $good);
    same([403, 'CSRF_FAILED', null], [$none->status, $none->json()['errorCode'], $none->cookie('DONNASESSID')]);
    $browser = $app->browser();
    $browser->get('/login.php');
    $token = $browser->csrf;
    $browser->csrf = '';
    same(403, $browser->json('POST', '/api/auth/login.php', ['email' => 'demo@donna.example', 'password' => 'donna-demo', 'csrf_token' => 'x'])->status);
    $answer = $browser->json('POST', '/api/auth/login.php', ['email' => 'demo@donna.example', 'password' => 'donna-demo', 'csrf_token' => $token]);
    same([200, 'demo', ['user']], [$answer->status, $answer->json()['data']['user']['id'], $answer->json()['data']['user']['roles']]);
    $another = $app->browser();
    $another->get('/login.php');
    same(403, $another->send('POST', '/api/auth/login.php', ['Content-Type' => 'application/json', 'X-CSRF-Token' => $token], $good)->status, 'the token of another session');
});

test('a login is validated', static function (): void {
    $browser = Shared::app()->browser();
    $browser->get('/login.php');
    $answer = $browser->json('POST', '/api/auth/login.php', ['email' => 'nope']);
    same([422, ['email', 'password']], [$answer->status, array_keys($answer->json()['validationErrors'])]);
    same(422, $browser->json('POST', '/api/auth/login.php', ['email' => 'a@b.example', 'password' => ['x']])->status);
});

test('guessing passwords of one account from one address is slowed', static function (): void {
    $app = new App(['ENABLE_PHP_RATE_LIMITING' => 'true', 'PHP_LOGIN_RATE_LIMIT' => '3']);
    $browser = $app->browser();
    $browser->get('/login.php');
    $try = static fn(string $email, string $password): int => $browser->json('POST', '/api/auth/login.php', ['email' => $email, 'password' => $password])->status;
    same([401, 401, 401, 429], array_map(static fn(): int => $try('demo@donna.example', 'wrong'), range(1, 4)));
    same(429, $try('DEMO@donna.example', 'donna-demo'), 'even with the right one, in any spelling');
    same(200, $try('admin@donna.example', 'donna-admin'));
    $app->stop();
});

test('demo users are gone in a preview, which others can reach', static function (): void {
    $app = new App(['NODE_ENV' => 'preview']);
    $browser = $app->browser();
    $page = $browser->get('/login.php');
    lacks('donna-demo', $page->body);
    foreach (['demo@donna.example' => 'donna-demo', 'admin@donna.example' => 'donna-admin'] as $email => $password) {
        same(401, $browser->json('POST', '/api/auth/login.php', ['email' => $email, 'password' => $password])->status);
    }
    $app->stop();
});

test('demo users are gone in production, and users of the file come in', static function (): void {
    $app = new App(['NODE_ENV' => 'production']);
    $process = proc_open([PHP_BINARY, __DIR__ . '/../../scripts/add-user.php', 'Eve@Donna.example', 'Eve', 'user', 'admin'], [['pipe', 'r'], ['file', '/dev/null', 'w'], ['file', '/dev/null', 'w']], $pipes, null, ['DONNA_DATA_DIR' => $app->data, 'PATH' => (string) getenv('PATH')]);
    fwrite($pipes[0], "a long enough secret\n");
    fclose($pipes[0]);
    same(0, proc_close($process));
    $browser = $app->browser();
    $page = $browser->get('/login.php');
    lacks('donna-demo', $page->body);
    same(401, $browser->json('POST', '/api/auth/login.php', ['email' => 'demo@donna.example', 'password' => 'donna-demo'])->status);
    $answer = $browser->json('POST', '/api/auth/login.php', ['email' => 'eve@donna.example', 'password' => 'a long enough secret']);
    same([200, ['user', 'admin']], [$answer->status, $answer->json()['data']['user']['roles']]);
    $app->stop();
});

test('an unknown or malformed session cookie makes no session', static function (): void {
    $app = new App();
    foreach ([bin2hex(random_bytes(24)), '../../etc/passwd', str_repeat('a', 300), ''] as $id) {
        $answer = $app->send('GET', '/api/conversations.php', ['Cookie' => 'DONNASESSID=' . $id]);
        same([401, null], [$answer->status, $answer->cookie('DONNASESSID')]);
        $asked = $app->send('GET', '/api/auth/session.php', Gateway::headers('GET', '/api/auth/session.php', ['via' => 'internal']) + ['Cookie' => 'DONNASESSID=' . $id]);
        same([200, ['authenticated' => false, 'user' => null, 'csrf_token' => null], null], [$asked->status, $asked->json()['data'], $asked->cookie('DONNASESSID')]);
    }
    same([], glob($app->data . '/sessions/sess_*') ?: []);
    $chosen = bin2hex(random_bytes(24));
    $page = $app->send('GET', '/login.php', ['Cookie' => 'DONNASESSID=' . $chosen]);
    lacks($chosen, (string) $page->cookie('DONNASESSID'));
    $app->stop();
});

test('session.php answers the gateway only', static function (): void {
    $app = Shared::app();
    $browser = $app->browser()->signIn();
    $cookie = ['Cookie' => 'DONNASESSID=' . $browser->cookies['DONNASESSID']];
    $path = '/api/auth/session.php';
    same(403, $app->send('GET', $path, $cookie)->status);
    foreach (['jwt', 'php-session', 'anonymous'] as $via) {
        same(403, $app->send('GET', $path, $cookie + Gateway::headers('GET', $path, ['via' => $via, 'sub' => 'demo']))->status, $via);
    }
    same(403, $app->send('GET', $path, $cookie + Gateway::headers('GET', '/api/health.php', ['via' => 'internal']))->status);
    $answer = $app->send('GET', $path, $cookie + Gateway::headers('GET', $path, ['via' => 'internal']));
    same(['authenticated' => true, 'user' => ['id' => 'demo', 'email' => 'demo@donna.example', 'name' => 'Demo', 'roles' => ['user']], 'csrf_token' => $browser->csrf], $answer->json()['data']);
    same(null, $answer->cookie('DONNASESSID'));
    same('no-store', $answer->header('cache-control'));
});

/** Signs in at $app a user of its file; `change` rewrites that user's entry. */
$userOf = static function (App $app): array {
    $file = $app->data . '/users.json';
    $entry = ['id' => 'u1', 'email' => 'eve@donna.example', 'name' => 'Eve', 'roles' => ['user'], 'password_hash' => password_hash('a long enough secret', PASSWORD_BCRYPT, ['cost' => 4])];
    $change = static fn(array $with): int|false => file_put_contents($file, json_encode([$with + $entry]), LOCK_EX);
    $change([]);

    return [$app->browser()->signIn('eve@donna.example', 'a long enough secret'), $change];
};
$ask = static fn(App $app, array $claims): \Donna\Tests\Answer => $app->send('GET', '/api/auth/session.php', Gateway::headers('GET', '/api/auth/session.php', ['via' => 'internal'] + $claims));

test('a session knows its user as he is now', static function () use ($userOf): void {
    $app = new App();
    [$browser, $change] = $userOf($app);
    same(403, $browser->get('/api/system-stats.php')->status);
    $change(['roles' => ['user', 'admin']]);
    same(200, $browser->get('/api/system-stats.php')->status);
    $change(['disabled' => true]);
    same(401, $browser->get('/api/conversations.php')->status);
    $change([]);
    same(200, $browser->get('/api/conversations.php')->status);
    $change(['password_hash' => password_hash('another secret', PASSWORD_BCRYPT, ['cost' => 4])]);
    same(401, $browser->get('/api/conversations.php')->status, 'a changed password ends the sessions');
    file_put_contents($app->data . '/users.json', '[]');
    same(401, $browser->get('/api/conversations.php')->status);
    $app->stop();
});

test('the gateway is told what has become of a user', static function () use ($userOf, $ask): void {
    $app = new App();
    [, $change] = $userOf($app);
    $first = $ask($app, ['about' => 'u1'])->json()['data'];
    same(['u1', ['id' => 'u1', 'email' => 'eve@donna.example', 'name' => 'Eve', 'roles' => ['user']], 32], [$first['about'], $first['user'], strlen($first['credentials'])]);
    $change(['roles' => ['admin']]);
    same(['admin'], $ask($app, ['about' => 'u1'])->json()['data']['user']['roles']);
    $change(['disabled' => true]);
    same(['about' => 'u1', 'user' => null, 'credentials' => null], $ask($app, ['about' => 'u1'])->json()['data']);
    same(['about' => 'nobody', 'user' => null, 'credentials' => null], $ask($app, ['about' => 'nobody'])->json()['data']);
    same(403, $app->send('GET', '/api/auth/session.php', Gateway::headers('GET', '/api/auth/session.php', ['via' => 'jwt', 'sub' => 'u1', 'about' => 'u1']))->status);
    $app->stop();
});

test('the gateway signs in for a client of its own: no CSRF token, no cookie, no session, but the same limit', static function (): void {
    $app = new App(['ENABLE_PHP_RATE_LIMITING' => 'true', 'PHP_LOGIN_RATE_LIMIT' => '3']);
    $path = '/api/auth/login.php';
    $try = static fn(string $password, string $address, string $email = 'demo@donna.example'): \Donna\Tests\Answer => $app->send('POST', $path, ['Content-Type' => 'application/json', 'X-Forwarded-For' => $address] + Gateway::headers('POST', $path, ['via' => 'internal']), (string) json_encode(['email' => $email, 'password' => $password]));
    $good = $try('donna-demo', '192.0.2.1');
    same([200, null, 'demo'], [$good->status, $good->cookie('DONNASESSID'), $good->json()['data']['user']['id']]);
    same(['user', 'credentials'], array_keys($good->json()['data']));
    same([401, 401, 401, 429], array_map(static fn(): int => $try('wrong', '192.0.2.1')->status, range(1, 4)));
    same(401, $try('wrong', '192.0.2.2')->status, 'the limit is that of the client, not of the gateway');
    same(401, $try("donna-demo\0x", '192.0.2.3')->status);
    same(422, $try('donna-demo', '192.0.2.4', "demo@donna.example\0")->status);
    same([], glob($app->data . '/sessions/sess_*') ?: []);
    $outside = $app->send('POST', $path, ['Content-Type' => 'application/json'] + Gateway::headers('POST', $path, ['via' => 'jwt', 'sub' => 'x']), (string) json_encode(['email' => 'demo@donna.example', 'password' => 'donna-demo']));
    same([403, 'CSRF_FAILED'], [$outside->status, $outside->json()['errorCode']]);
    $app->stop();
});

test('a session is read while somebody holds its lock', static function (): void {
    $app = Shared::app();
    $browser = $app->browser()->signIn();
    $locks = [];
    foreach (glob($app->data . '/sessions/locks/*') ?: [] as $file) {
        $lock = fopen($file, 'cb');
        truth(flock($lock, LOCK_EX | LOCK_NB), 'not free');
        $locks[] = $lock;
    }
    truth($locks !== [], 'no locks were made');
    $path = '/api/auth/session.php';
    $start = microtime(true);
    $answers = $app->together([
        ['GET', $path, $browser->headers('GET') + Gateway::headers('GET', $path, ['via' => 'internal'])],
        ['GET', '/api/conversations.php', $browser->headers('GET')],
        ['GET', '/', $browser->headers('GET')],
    ]);
    same([200, 200, 200], array_map(static fn($a): int => $a->status, $answers));
    same(true, $answers[0]->json()['data']['authenticated']);
    truth(microtime(true) - $start < 3, 'it waited');
    array_map('fclose', $locks);
});

test('slow requests of one session run side by side', static function (): void {
    // A server each: a worker of `php -S` may accept two connections and serve them one after the other.
    $data = directory('data');
    $apps = array_map(static fn(): App => new App(Shared::providers() + ['DONNA_DATA_DIR' => $data], workers: 1), range(1, 3));
    $browser = $apps[0]->browser()->signIn();
    $headers = $browser->headers('POST') + ['Content-Type' => 'application/json'];
    $start = microtime(true);
    $sockets = array_map(static fn(App $app) => $app->open('POST', '/api/donna_logic.php', $headers, '{"message":"MOOD-SLOW please"}'), $apps);
    $answers = array_map(static fn($socket): string => substr((string) stream_get_contents($socket), 9, 3), $sockets);
    $took = microtime(true) - $start;
    same(['200', '200', '200'], $answers);
    truth($took < 1.35, sprintf('three requests of 0.7 s took %.2f s: they queued', $took));
    same(3, $browser->get('/api/conversations.php')->json()['count']);
    foreach ($apps as $app) {
        $app->stop();
    }
});

test('fifty requests of one session at once are all answered and none is lost', static function (): void {
    $app = Shared::app();
    $browser = $app->browser()->signIn();
    $before = $browser->get('/api/conversations.php')->json()['count'];
    $requests = [];
    for ($i = 0; $i < 50; $i++) {
        $requests[] = ['POST', '/api/conversations.php', $browser->headers('POST') + ['Content-Type' => 'application/json'], '{"title":"c' . $i . '"}'];
    }
    same(array_fill(0, 50, 201), array_map(static fn($a): int => $a->status, $app->together($requests)));
    same($before + 50, $browser->get('/api/conversations.php')->json()['count']);
    same([], glob($app->data . '/tmp/*') ?: []);
});

test('a cookie-borne write needs the CSRF token, one that the gateway vouches for does not', static function (): void {
    $app = Shared::app();
    $browser = $app->browser()->signIn();
    $json = ['Content-Type' => 'application/json'];
    $cookie = ['Cookie' => 'DONNASESSID=' . $browser->cookies['DONNASESSID']];
    $bare = $app->send('POST', '/api/conversations.php', $json + $cookie, '{}');
    same([403, 'CSRF_FAILED'], [$bare->status, $bare->json()['errorCode']]);
    same(403, $app->send('DELETE', '/api/chatbot_settings.php', $cookie)->status);
    same(403, $app->send('POST', '/api/conversations.php', $json + $cookie + Gateway::headers('POST', '/api/conversations.php'), '{}')->status, 'the gateway proved nobody');
    $vouched = Gateway::headers('POST', '/api/conversations.php', ['via' => 'php-session', 'sub' => 'demo', 'roles' => ['user']]);
    same(201, $app->send('POST', '/api/conversations.php', $json + $cookie + $vouched, '{}')->status);
    $bearer = Gateway::headers('POST', '/api/conversations.php', ['via' => 'jwt', 'sub' => 'mobile-1', 'roles' => ['user']]);
    same(201, $app->send('POST', '/api/conversations.php', $json + $bearer, '{}')->status);
    same(200, $app->send('GET', '/api/conversations.php', $cookie)->status, 'a read needs none');
});

test('the assertion decides who calls, whatever the cookie says', static function (): void {
    $app = Shared::app();
    $browser = $app->browser()->signIn('admin@donna.example', 'donna-admin');
    $asUser = Gateway::headers('GET', '/api/system-stats.php', ['via' => 'jwt', 'sub' => 'someone', 'roles' => ['user']]);
    same(403, $app->send('GET', '/api/system-stats.php', $browser->headers('GET') + $asUser)->status);
    same(200, $app->send('GET', '/api/system-stats.php', $browser->headers('GET'))->status);
    same('someone', $app->send('GET', '/api/conversations.php', $browser->headers('GET') + Gateway::headers('GET', '/api/conversations.php', ['via' => 'jwt', 'sub' => 'someone']))->json()['user_id']);
    same(401, $app->send('GET', '/api/conversations.php', $browser->headers('GET') + Gateway::headers('GET', '/api/conversations.php', ['via' => 'internal', 'sub' => 'demo']))->status, 'an internal call is no user');
});

test('with REQUIRE_GATEWAY nobody comes past the gateway', static function (): void {
    $app = new App(['REQUIRE_GATEWAY' => 'true']);
    foreach (['/api/health.php', '/api/conversations.php', '/', '/login.php', '/api/realtime-websocket.php'] as $path) {
        same(403, $app->send('GET', $path)->status, $path);
        same(403, $app->send('GET', $path, ['X-Gateway-Identity' => Gateway::token('GET', $path, secret: 'some other secret, also quite long')])->status, $path);
        truth($app->send('GET', $path, Gateway::headers('GET', $path))->status !== 403, $path);
    }
    same(403, $app->send('OPTIONS', '/api/health.php')->status);
    same('FORBIDDEN', $app->send('GET', '/api/health.php')->json()['errorCode']);
    same(200, $app->send('GET', '/api/health.php?x=%2F..', Gateway::headers('GET', '/api/health.php'))->status, 'the query is not part of htu');
    same(200, $app->send('GET', '/api/health.php/a%2Fb', Gateway::headers('GET', '/api/health.php/a%2Fb'))->status, 'htu is the raw path');
    $app->stop();
});

test('behind https told by the gateway the cookie is Secure, told by anybody else it is not', static function (): void {
    $app = Shared::app();
    $signed = $app->send('GET', '/login.php', ['X-Forwarded-Proto' => 'https'] + Gateway::headers('GET', '/login.php'));
    contains('secure', strtolower((string) $signed->cookie('DONNASESSID')));
    lacks('secure', strtolower((string) $app->send('GET', '/login.php', ['X-Forwarded-Proto' => 'https'])->cookie('DONNASESSID')));
});
