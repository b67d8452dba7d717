<?php

declare(strict_types=1);

use Donna\Conversations\FileConversationRepository;
use Donna\Replication\ReplicatedConversations;
use Donna\Replication\ReplicatedDocuments;
use Donna\Replication\ReplicatedSettings;
use Donna\Settings\FileSettingsRepository;
use Donna\Storage\JsonStore;
use Donna\Storage\Stamp;
use Donna\Storage\Stored;
use Donna\Storage\UnreadableException;

use function Donna\Tests\directory;
use function Donna\Tests\same;
use function Donna\Tests\test;
use function Donna\Tests\truth;

$origin = str_repeat('a', 32);
$owner = substr(hash('sha256', 'u'), 0, 40);
$at = '2027-01-01T00:00:00.000Z';
$merge = static fn(int $seq, array $changes): array => ['seq' => $seq, 'kind' => 'merge', 'changes' => (string) json_encode($changes), 'at' => $at];
$settings = static fn(string $data): ReplicatedDocuments => new ReplicatedDocuments(new JsonStore($data), 'settings', new ReplicatedSettings());

test('a change of the gateway is made once, whatever PHP writes meanwhile', static function () use ($origin, $owner, $merge, $settings): void {
    $data = directory('once');
    $php = new FileSettingsRepository(new JsonStore($data));
    $first = $settings($data)->apply($owner, $origin, 0, [$merge(5, ['theme' => 'dark']), $merge(7, ['language' => 'de'])]);
    same(['none', 0, 2, 0], [$first['previousVersion'], $first['previousSeq'], $first['applied'], $first['skipped']]);
    $php->merge('u', ['theme' => 'light']);
    $again = $settings($data)->apply($owner, $origin, 0, [$merge(5, ['theme' => 'dark']), $merge(7, ['language' => 'de']), $merge(8, ['position' => 'top-left'])]);
    same([7, 1, 2], [$again['previousSeq'], $again['applied'], $again['skipped']]);
    same(['theme' => 'light', 'language' => 'de', 'position' => 'top-left'], $php->of('u'));
    same($again['version'], hash_file('sha256', "{$data}/settings/{$owner}.json"));
});

test('a document that has less than it is known to have had is left alone', static function () use ($origin, $owner, $merge, $settings): void {
    $data = directory('behind');
    $settings($data)->apply($owner, $origin, 0, [$merge(5, ['theme' => 'dark'])]);
    $answer = $settings($data)->apply($owner, $origin, 6, [$merge(7, ['theme' => 'light'])]);
    same([true, 0], [$answer['isBehind'], $answer['applied']]);
    same(['theme' => 'dark'], (new FileSettingsRepository(new JsonStore($data)))->of('u'));
    // Another gateway's memory counts anew.
    same(1, $settings($data)->apply($owner, str_repeat('b', 32), 0, [$merge(2, ['theme' => 'auto'])])['applied']);
});

test("changes of conversations do what PHP's own do, with their own time and id", static function () use ($origin, $owner, $at): void {
    $data = directory('conversations');
    $store = new JsonStore($data);
    $php = new FileConversationRepository($store);
    $documents = new ReplicatedDocuments($store, 'conversations', new ReplicatedConversations());
    $own = $php->create('u', 'own', '{}')['id'];
    $create = ['kind' => 'create', 'id' => 'conv_x', 'title' => 'made', 'metadata' => '{"a":{}}', 'at' => $at];
    $documents->apply($owner, $origin, 0, [['seq' => 1] + $create, ['seq' => 2, 'title' => 'twice'] + $create]);
    $documents->apply($owner, $origin, 2, [
        ['seq' => 3, 'kind' => 'change', 'id' => 'conv_x', 'status' => 'archived', 'at' => $at],
        ['seq' => 4, 'kind' => 'change', 'id' => 'conv_absent', 'status' => 'archived', 'at' => $at],
        ['seq' => 5, 'kind' => 'remove', 'id' => $own, 'at' => $at],
    ]);
    $php->append('u', 'conv_x', '', 'hello', 'hi');
    $all = $php->of('u');
    same(1, count($all));
    same(['conv_x', 'made', 'archived', '{"a":{}}', $at, 2], [$all[0]['id'], $all[0]['title'], $all[0]['status'], $all[0]['metadata'], $all[0]['created_at'], $all[0]['message_count']]);
    same(5, $documents->read($owner, 'none')['seq']);
    for ($i = 0; $i < 210; $i++) {
        $documents->apply($owner, $origin, 0, [['seq' => 10 + $i, 'id' => "conv_{$i}"] + $create]);
    }
    same(200, count($php->of('u')));
});

test('a document is read as it would be without its stamp', static function () use ($origin): void {
    $stamp = new Stamp($origin, 12);
    foreach ([[], ['a' => 1.0, 'b' => ['x' => []]], ['conversations' => []]] as $document) {
        [$text, $found] = Stored::split((new Stored($document, $stamp))->bytes());
        same([(new Stored($document))->bytes(), 12], [$text, $found?->seq]);
    }
    [$text, $found] = Stored::split('{ "a": 1, "~gateway": {"seq": 12, "origin": "' . $origin . '"} }');
    same(['{"a":1}', 12], [$text, $found?->seq]);
    [$text, $found] = Stored::split('{"a":"\"~gateway\""}');
    same(['{"a":"\"~gateway\""}', null], [$text, $found]);
    foreach ([['origin' => 'x', 'seq' => 1], ['origin' => $origin, 'seq' => '1'], ['origin' => $origin, 'seq' => 0], 'x', null] as $bad) {
        same(null, Stamp::from($bad));
    }
});

test('a document is replaced only where it has the version that was seen, and what stood there is kept', static function () use ($origin, $owner, $merge, $settings): void {
    $data = directory('replace');
    $documents = $settings($data);
    same(false, $documents->replace($owner, ['theme' => 'dark'], str_repeat('0', 64), null)['replaced']);
    same(false, is_file("{$data}/settings/{$owner}.json"));
    truth($documents->replace($owner, ['theme' => 'dark'], 'none', new Stamp($origin, 3))['replaced'], 'nothing was there, and it was not replaced');
    $seen = $documents->read($owner, '')['version'];
    $documents->apply($owner, $origin, 3, [$merge(4, ['theme' => 'light'])]);
    $answer = $documents->replace($owner, [], $seen, null);
    same(false, $answer['replaced']);
    same(true, $documents->replace($owner, [], $answer['version'], null)['replaced']);
    same(4, $documents->read($owner, '')['seq']);
    same(1, count(glob("{$data}/replaced/settings-{$owner}-*.json") ?: []));
});

test('a document that is longer than asked for is announced alone', static function () use ($origin, $owner, $merge, $settings): void {
    $data = directory('large');
    $settings($data)->apply($owner, $origin, 0, [$merge(1, ['greeting' => str_repeat('x', 500)])]);
    $whole = $settings($data)->read($owner, '');
    same(['version' => $whole['version'], 'isLarge' => true], $settings($data)->read($owner, '', 300));
    same(true, $settings($data)->read($owner, $whole['version'], 300)['unchanged']);
    same($whole, $settings($data)->read($owner, '', 1000));
});

test('pages of owners come in order, once each, with their versions', static function () use ($settings): void {
    $data = directory('pages');
    $store = new JsonStore($data);
    $expected = [];
    for ($i = 0; $i < 7; $i++) {
        $name = JsonStore::nameFor('settings', "user {$i}");
        $store->update($name, static fn(): array => ['n' => $i]);
        $expected[substr($name, 9)] = hash_file('sha256', "{$data}/{$name}.json");
    }
    touch("{$data}/settings/not-an-owner.json");
    ksort($expected, SORT_STRING);
    [$after, $seen] = ['', []];
    do {
        $page = $settings($data)->list($after, 3);
        foreach ($page['owners'] as $entry) {
            $seen[$after = $entry['owner']] = $entry['version'];
        }
    } while ($page['more']);
    same($expected, $seen);
});

test('a document that the system does not let PHP read is told as such: for none it would be removed at the gateway', static function () use ($origin, $owner, $merge, $settings): void {
    $data = directory('unreadable');
    mkdir($data . '/settings');
    symlink("{$owner}.json", "{$data}/settings/{$owner}.json");
    $told = $settings($data)->read($owner, 'none');
    same([true, false], [isset($told['unreadable']), array_key_exists('document', $told)]);
    truth(preg_match('/^[0-9a-f]{64}$/D', $told['version']) === 1, 'the gateway asks with this version next');
    same(true, isset($settings($data)->read($owner, $told['version'])['unreadable']));
    same([['owner' => $owner, 'version' => $told['version']]], $settings($data)->list('', 10)['owners']);
    foreach ([
        static fn() => $settings($data)->apply($owner, $origin, 0, [$merge(1, ['theme' => 'dark'])]),
        static fn() => $settings($data)->replace($owner, [], 'none', null),
    ] as $change) {
        try {
            $change();
            truth(false, 'nothing was thrown');
        } catch (UnreadableException) {
            truth(is_link("{$data}/settings/{$owner}.json"), 'it was written over');
        }
    }
});
