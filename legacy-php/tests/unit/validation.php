<?php

declare(strict_types=1);

use Donna\Http\ApiException;
use Donna\Page\Visitor;
use Donna\Text;
use Donna\Validation\Input;
use Donna\Validation\Validators;

use function Donna\Tests\same;
use function Donna\Tests\test;
use function Donna\Tests\truth;

test('validators take what is right and refuse what is not', static function (): void {
    $cases = [
        [Validators::isEmail(...), ['a@b.example', 'x+y@sub.b.example', "o'neil.a@b-c.example", 'a@b.xn--p1ai'], ['', '.a@b.example', 'a..b@c.example', 'a@b', 'a@-b.example', '">"@b.example', 'a@[127.0.0.1]', 'a b@c.example', str_repeat('a', 65) . '@b.example', 'a', 'a@', "a@b.example\r\nBcc: c@d.example", ['a@b.example'], 5, str_repeat('a', 250) . '@b.example', "a@b.example\n"]],
        [Validators::isPhone(...), ['+15550100123', '+491701234567'], ['', '15550100123', '+0155501001', '+1555', '+1555010012345678', "+15550100123\n", 15550100123]],
        [Validators::isPathPart(...), ['a', 'a-b', 'conv_12', 'a.b'], ['', '.', '..', 'a/b', 'a\\b', "a\0", 'a..b', '-a', 'a.', "a\n", 'ä', str_repeat('a', 65), 1]],
        [Validators::isHexColour(...), ['#fff', '#2f6f8f', '#ABCDEF'], ['fff', '#ff', '#ffff', '#ggg', "#fff\n", null]],
        [static fn(mixed $v): bool => Validators::isIntegerIn($v, 1, 100), [1, 100, '5'], [0, 101, '05', '5.0', '1e1', ' 5', "5\n", 5.0, true, null, [], '99999999999999999999']],
        [static fn(mixed $v): bool => Validators::isText($v, 1, 3), ['a', 'äöü', '日本語'], ['', 'abcd', "a\n", "a\0", "\xFF", 1, null, ['a']]],
        [static fn(mixed $v): bool => Validators::isOneOf($v, ['a', 'b']), ['a', 'b'], ['c', '', 0, true, null, ['a']]],
    ];
    foreach ($cases as $i => [$is, $good, $bad]) {
        foreach ($good as $value) {
            truth($is($value), "case {$i} refuses " . var_export($value, true));
        }
        foreach ($bad as $value) {
            truth(!$is($value), "case {$i} takes " . var_export($value, true));
        }
    }
});

test('input tells every fault at once', static function (): void {
    $in = new Input(['email' => 'nope', 'limit' => '900', 'text' => ['a'], 'flag' => 'perhaps']);
    $in->email('email');
    $in->integer('limit', 1, 100, 5);
    $in->text('text', 1, 5);
    $in->text('missing', 1, 5);
    $in->flag('flag', false);
    try {
        $in->check();
        truth(false, 'nothing was refused');
    } catch (ApiException $e) {
        same(['email', 'limit', 'text', 'missing', 'flag'], array_keys($e->validationErrors));
    }
});

test('a text is cut between characters, never inside one', static function (): void {
    same('日本…', Text::cut('日本語です', 3));
    same('abc', Text::cut('abc', 3));
    same(5, Text::length('日本語です'));
    for ($i = 1; $i < 12; $i++) {
        truth(Text::isUtf8(Text::cut('aé日𝄞b', $i)), 'broken at ' . $i);
    }
});

test('a redirect after sign-in stays on this site', static function (): void {
    foreach (['/chatbot.php', '/?a=b', '/receptionist.php?x=1&y=%20'] as $good) {
        same($good, Visitor::safePath($good));
    }
    foreach (['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)', "/a\r\nX: y", '/%0d%0aX: y', '', ['/'], null, '/%5cevil.example', "/\t/evil.example"] as $bad) {
        same('/', Visitor::safePath($bad), var_export($bad, true));
    }
});
