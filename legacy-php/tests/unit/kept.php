<?php

declare(strict_types=1);

use Donna\Replication\ReplicatedConversations;
use Donna\Replication\ReplicatedDocuments;
use Donna\Storage\JsonStore;
use Donna\Storage\KeptDocuments;
use Donna\Storage\Stored;

use function Donna\Tests\directory;
use function Donna\Tests\same;
use function Donna\Tests\test;

const KEPT_AS = '0123456789abcdef0123456789abcdef';
const KEPT_OWNER = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';
const KEPT_NAME = 'conversations/' . KEPT_OWNER;

$keeping = static fn(string $data): JsonStore => new JsonStore($data, new KeptDocuments($data . KeptDocuments::FOLDER, KEPT_AS));
$documents = static fn(string $data): ReplicatedDocuments => new ReplicatedDocuments(new JsonStore($data), 'conversations', new ReplicatedConversations());

test('what a request overwrites is kept once, from before its first write, and told once', static function () use ($keeping, $documents): void {
    $data = directory('kept');
    (new JsonStore($data))->update(KEPT_NAME, static fn(): array => ['v' => 0]);
    $store = $keeping($data);
    foreach ([1, 2] as $v) {
        $store->update(KEPT_NAME, static fn(): array => ['v' => $v]);
    }
    same('0600', substr(sprintf('%o', fileperms(glob($data . '/before/*')[0])), -4));
    $effects = $documents($data)->effects(KEPT_OWNER, KEPT_AS);
    same(['version' => Stored::version('{"v":0}'), 'document' => '{"v":0}'], $effects['before']);
    same([false, '{"v":2}'], [$effects['isOvertaken'], $effects['document']]);
    same([], glob($data . '/before/*'));
    same(null, $documents($data)->effects(KEPT_OWNER, KEPT_AS)['before']);
});

test('a first document began from none', static function () use ($keeping, $documents): void {
    $data = directory('kept');
    $keeping($data)->update(KEPT_NAME, static fn(): array => ['v' => 1]);
    same(['version' => 'none', 'document' => null], $documents($data)->effects(KEPT_OWNER, KEPT_AS)['before']);
});

test('a write after it is told', static function () use ($keeping, $documents): void {
    $data = directory('kept');
    $keeping($data)->update(KEPT_NAME, static fn(): array => ['v' => 1]);
    (new JsonStore($data))->update(KEPT_NAME, static fn(): array => ['v' => 2]);
    same(true, $documents($data)->effects(KEPT_OWNER, KEPT_AS)['isOvertaken']);
});

test('nothing is kept unasked, of no owner, of a write that was none, nor of one that is too large', static function () use ($keeping): void {
    $data = directory('kept');
    (new JsonStore($data))->update(KEPT_NAME, static fn(): array => ['v' => str_repeat('x', 1_100_000)]);
    $store = $keeping($data);
    $store->update('counter', static fn(): array => ['v' => 1]);
    $store->update('settings/b', static fn(): ?array => null);
    $store->update(KEPT_NAME, static fn(): array => ['v' => 1]);
    same([], glob($data . '/before/*.kept'));
});

test('what was too large to be kept is not told as a write that never was', static function () use ($keeping, $documents): void {
    $data = directory('kept');
    (new JsonStore($data))->update(KEPT_NAME, static fn(): array => ['v' => str_repeat('x', 1_100_000)]);
    same([null, false], [($e = $documents($data)->effects(KEPT_OWNER, KEPT_AS))['before'], isset($e['unreadable'])]);
    $keeping($data)->update(KEPT_NAME, static fn(): array => ['v' => 1]);
    same('it was not kept', $documents($data)->effects(KEPT_OWNER, KEPT_AS)['unreadable'] ?? null);
    same(false, isset($documents($data)->effects(str_repeat('b', 40), KEPT_AS)['unreadable']));
    touch(glob($data . '/before/*.unkept')[0], time() - 301);
    same(false, isset($documents($data)->effects(KEPT_OWNER, KEPT_AS)['unreadable']));
});

test('an owner who never waits for his answers does not fill the disk with what is kept for him', static function () use ($documents): void {
    $data = directory('kept');
    $as = static fn(int $i): string => str_pad((string) $i, 32, '0', STR_PAD_LEFT);
    $write = static fn(int $i, string $name = KEPT_NAME) => (new JsonStore($data, new KeptDocuments($data . KeptDocuments::FOLDER, $as($i))))
        ->update($name, static fn(): array => ['v' => $i]);
    for ($i = 1; $i <= 20; $i++) {
        $write($i);
    }
    same(8, count(glob($data . '/before/*.kept')));
    same('it was not kept', $documents($data)->effects(KEPT_OWNER, $as(20))['unreadable'] ?? null);
    // It is nobody else's loss, and over when those are gone that nobody took.
    $write(21, 'conversations/' . str_repeat('b', 40));
    same('none', $documents($data)->effects(str_repeat('b', 40), $as(21))['before']['version']);
    array_map(static fn(string $file): bool => touch($file, time() - 301), glob($data . '/before/*'));
    $write(22);
    same(['{"v":20}', false], [($e = $documents($data)->effects(KEPT_OWNER, $as(22)))['before']['document'], $e['isOvertaken']]);
    same([], glob($data . '/before/*'));
});

test('what nobody took is swept by writes of which nothing is kept', static function () use ($keeping): void {
    $data = directory('kept');
    $keeping($data)->update(KEPT_NAME, static fn(): array => ['v' => 1]);
    touch(glob($data . '/before/*')[0], time() - 301);
    $store = new JsonStore($data);
    for ($i = 0; $i < 3000 && glob($data . '/before/*') !== []; $i++) {
        $store->update('counter', static fn(): array => ['v' => $i]);
    }
    same([], glob($data . '/before/*'));
});

test('a write succeeds though nothing can be kept', static function () use ($keeping): void {
    $data = directory('kept');
    file_put_contents($data . '/before', '');
    $store = $keeping($data);
    $store->update(KEPT_NAME, static fn(): array => ['v' => 1]);
    same(['v' => 1], $store->read(KEPT_NAME));
});
