<?php

declare(strict_types=1);

use Donna\Tests\App;
use Donna\Tests\Browser;
use Donna\Tests\Shared;

use function Donna\Tests\contains;
use function Donna\Tests\lacks;
use function Donna\Tests\same;
use function Donna\Tests\test;
use function Donna\Tests\truth;

test('pages send strangers to the login and back', static function (): void {
    $browser = new Browser(Shared::app());
    foreach (['/' => '/login.php', '/index.php' => '/login.php?next=%2Findex.php', '/chatbot.php?a=b' => '/login.php?next=%2Fchatbot.php%3Fa%3Db', '/receptionist.php' => '/login.php?next=%2Freceptionist.php', '/index.php//evil.example' => '/login.php?next=%2Findex.php%2F%2Fevil.example'] as $path => $to) {
        $answer = $browser->get($path);
        same([303, $to], [$answer->status, $answer->header('location')], $path);
    }
    $page = $browser->get('/login.php?next=%2Fchatbot.php');
    contains('name="next" value="/chatbot.php"', $page->body);
    $form = http_build_query(['email' => 'demo@donna.example', 'password' => 'donna-demo', 'csrf_token' => $browser->csrf, 'next' => '/chatbot.php']);
    $in = $browser->send('POST', '/login.php', ['Content-Type' => 'application/x-www-form-urlencoded', 'X-CSRF-Token' => ''], $form);
    same([303, '/chatbot.php'], [$in->status, $in->header('location')]);
    same(200, $browser->get('/chatbot.php')->status);
    same([303, '/'], [$browser->get('/login.php')->status, $browser->get('/login.php?next=//evil.example')->header('location')]);
    $out = $browser->send('POST', '/logout.php', ['Content-Type' => 'application/x-www-form-urlencoded', 'X-CSRF-Token' => ''], 'csrf_token=' . $browser->csrf);
    same([303, '/login.php'], [$out->status, $out->header('location')]);
    same(303, $browser->get('/chatbot.php')->status);
});

test('a wrong login shows the form again with what was typed, escaped, and no password', static function (): void {
    $browser = new Browser(Shared::app());
    $browser->get('/login.php');
    $answer = $browser->send('POST', '/login.php', ['Content-Type' => 'application/x-www-form-urlencoded'], http_build_query(['email' => '"><script>x</script>', 'password' => 'hunter2hunter2', 'next' => '//evil.example']));
    same(401, $answer->status);
    contains('E-mail or password is wrong.', $answer->body);
    lacks('<script>x', $answer->body);
    lacks('hunter2hunter2', $answer->body);
    contains('name="next" value="/"', $answer->body);
    same(403, $browser->send('POST', '/login.php', ['Content-Type' => 'application/x-www-form-urlencoded', 'X-CSRF-Token' => 'x'], 'email=a%40b.example&password=x')->status);
    same(422, $browser->send('POST', '/login.php', ['Content-Type' => 'application/x-www-form-urlencoded'], 'email[]=a&password=')->status);
});

test('pages hold to a strict content security policy', static function (): void {
    $browser = (new Browser(Shared::app()))->signIn();
    foreach (['/', '/chatbot.php', '/receptionist.php'] as $path) {
        $page = $browser->get($path);
        same([200, 'text/html; charset=utf-8'], [$page->status, $page->header('content-type')], $path);
        contains("script-src 'self'", $page->header('content-security-policy'));
        contains('<meta name="csrf-token" content="' . $browser->csrf . '">', $page->body);
        truth(preg_match('/<script(?![^>]*\bsrc=)|\son[a-z]+\s*=|\sstyle\s*=|<style|javascript:/i', $page->body) !== 1, 'inline code in ' . $path);
        truth(preg_match('~(?:src|href|action)="https?:~', $page->body) !== 1, 'an absolute address in ' . $path);
        preg_match_all('~(?:src|href)="(assets/[^"]+)"~', $page->body, $assets);
        foreach ($assets[1] as $asset) {
            same(200, $browser->get('/' . $asset)->status, $asset);
        }
        contains('<main', $page->body);
        contains('lang="en"', $page->body);
    }
    truth($browser->get('/')->header('x-trace-id') !== '', 'no trace id');
});

test('every form field of the pages has a label', static function (): void {
    $browser = (new Browser(Shared::app()))->signIn();
    foreach ([$browser->get('/')->body, $browser->get('/chatbot.php')->body, $browser->get('/receptionist.php')->body, (new Browser(Shared::app()))->get('/login.php')->body] as $body) {
        truth(preg_match('~<(?:input|select|textarea)~', $body) === 1, 'no fields');
        $outside = (string) preg_replace('~<label\b[^>]*>.*?</label>~s', '', $body);
        truth(preg_match('~<(?:input(?![^>]*type="hidden")|select|textarea)[^>]*>~', $outside, $m) !== 1, 'no label: ' . ($m[0] ?? ''));
    }
});

test('the pages for talking have all the parts that their script looks for, and a way to write besides', static function (): void {
    $browser = (new Browser(Shared::app()))->signIn();
    $script = $browser->get('/assets/live-talk.js')->body;
    same(1, preg_match('~for \(const name of \[([^\]]+)\]\) this\[name\] = ~', $script, $list));
    preg_match_all("~'([a-z-]+)'~", $list[1], $names);
    truth(count($names[1]) > 5, 'no parts in the script');
    foreach (['/receptionist.php' => 'class="card talk"[^>]*', '/chatbot.php' => 'class="aloud"[^>]* hidden'] as $path => $root) {
        $body = $browser->get($path)->body;
        truth(preg_match('~<section ' . str_replace('[^>]*', '[^>]* data-talk data-state="idle"', $root) . '>~', $body) === 1, 'no data-talk in ' . $path);
        foreach ($names[1] as $name) {
            same(1, substr_count($body, "data-part=\"{$name}\""), $path . ' ' . $name);
        }
        contains('<button class="push" type="button" data-part="push" aria-pressed="false">', $body);
        same(1, preg_match('~role="log"[^>]*><ol id="turns"~', $body));
        truth(preg_match('~<form id="say"~', $body) === 1, 'nothing to write in: ' . $path);
    }
});

test('nothing but pages, assets and the API is served, and never the text of a script', static function (): void {
    $app = Shared::app();
    foreach (['/lib/App.php', '/router.php', '/var/users.json', '/../router.php', '/..%2frouter.php', '/%2e%2e/router.php', '/api/../lib/App.php', '/api/..%2flib/App.php', '/api/%2e%2e/lib/autoload.php',
        '/assets/../../lib/App.php', '/assets/%2e%2e/%2e%2e/php.ini', '/php.ini', '/.gitignore', '/assets/', '/api/', '/api/nothing.php', '/nothing', '/index.php%00.css', '/assets/donna.css%00', '/index.phps', '/INDEX.PHP',
        '/api\\..\\lib\\App.php', '/assets/donna.css/', '/tests/run.php', '/scripts/add-user.php', '/nginx.conf.example', '/README.md', '/%', '/api/health.ph%70%00'] as $path) {
        $answer = $app->send('GET', $path);
        truth(in_array($answer->status, [400, 404], true), $path . ' gave ' . $answer->status);
        lacks('<?php', $answer->body);
        lacks('strict_types', $answer->body);
    }
    same(200, $app->send('GET', '/api//health%2ephp/x')->status, 'read as nginx reads it');
    same(400, $app->send('GET', '/../../x')->status);
});

test('assets are cached by their tag', static function (): void {
    $app = Shared::app();
    $first = $app->send('GET', '/assets/donna.css');
    same([200, 'text/css; charset=utf-8', 'nosniff'], [$first->status, $first->header('content-type'), $first->header('x-content-type-options')]);
    $second = $app->send('GET', '/assets/donna.css', ['If-None-Match' => $first->header('etag')]);
    same([304, ''], [$second->status, $second->body]);
    same(405, $app->send('POST', '/assets/donna.css')->status);
    same([200, ''], [$app->send('HEAD', '/assets/donna.js')->status, $app->send('HEAD', '/assets/donna.js')->body]);
});

test('fixtures exist for tests only', static function (): void {
    $echo = Shared::app()->send('POST', '/__fixtures/echo.php/a%2Fb?x[]=1&x[]=2', ['Content-Type' => 'application/json', 'X-One' => '1'], '{"n":1.0}')->json();
    same(['POST', '/__fixtures/echo.php/a%2Fb?x[]=1&x[]=2', '/a/b', ['x' => ['1', '2']], '1', hash('sha256', '{"n":1.0}')], [$echo['method'], $echo['request_uri'], $echo['path_info'], $echo['get'], $echo['headers']['x-one'], $echo['input']['sha256']]);
    same('{"n":1.0}', Shared::app()->send('POST', '/__fixtures/echo.php?raw=1', [], '{"n":1.0}')->body);
    $plain = new App();
    foreach (['/__fixtures/echo.php', '/tests/fixtures/public/echo.php', '/__fixtures/'] as $path) {
        same(404, $plain->send('GET', $path)->status, $path);
    }
    $plain->stop();
});

test('each fixture does what it is for', static function (): void {
    $app = Shared::app();
    $get = static fn(string $path, array $headers = []) => $app->send('GET', '/__fixtures/' . $path, $headers);
    same(6, count($get('cookies.php')->headers['set-cookie']));
    same([307, '/x'], [$get('redirect.php?to=/x&code=307')->status, $get('redirect.php?to=/x&code=307')->header('location')]);
    same(3, substr_count($get('sse.php?n=3&delay=10')->body, 'event: tick'));
    same([1000003, '1000003'], [strlen($get('big.php?bytes=1000003&length=1')->body), $get('big.php?bytes=1000003&length=1')->header('content-length')]);
    $upload = $app->send('POST', '/__fixtures/upload.php', ['Content-Type' => 'application/octet-stream'], str_repeat('x', 300000))->json();
    same([300000, hash('sha256', str_repeat('x', 300000))], [$upload['bytes'], $upload['sha256']]);
    same(20, $get('slow.php?ms=20')->json()['slept']);
    $fatal = $get('fatal.php');
    same(200, $fatal->status);
    contains('Fatal error', $fatal->body);
    same([500, ''], [$get('empty500.php')->status, $get('empty500.php')->body]);
    contains('Warning', $get('notice.php')->body);
    same("\u{FEFF}{", substr($get('bom.php')->body, 0, 4));
    same(null, json_decode($get('twodocs.php')->body));
    same(null, json_decode($get('cut.php')->body));
    contains('text/html', $get('html-json.php')->header('content-type'));
    same([206, 'bytes 10-19/1000', '0123456789'], [$get('range.php', ['Range' => 'bytes=10-19'])->status, $get('range.php', ['Range' => 'bytes=10-19'])->header('content-range'), $get('range.php', ['Range' => 'bytes=10-19'])->body]);
    same([206, 416, 200], [$get('range.php', ['Range' => 'bytes=-5'])->status, $get('range.php', ['Range' => 'bytes=2000-'])->status, $get('range.php')->status]);
    same(true, json_decode((string) gzdecode($get('gzip.php')->body), true)['success']);
    same([418, 204], [$get('status.php?code=418')->status, $get('status.php?code=204')->status]);
});

test('a client that leaves is noticed by the abort fixture', static function (): void {
    $id = bin2hex(random_bytes(6));
    $socket = Shared::app()->open('GET', '/__fixtures/abort-log.php?seconds=10&id=' . $id);
    fread($socket, 1024);
    fclose($socket);
    $isAborted = false;
    for ($i = 0; $i < 40 && !$isAborted; $i++) {
        usleep(100000);
        $isAborted = Shared::app()->send('GET', '/__fixtures/abort-log.php?check=' . $id)->json()['aborted'];
    }
    truth($isAborted, 'not noticed');
});
