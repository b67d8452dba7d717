<?php

declare(strict_types=1);

use Donna\Conversations\ConversationList;
use Donna\Conversations\FileConversationRepository;
use Donna\Donna\FileMemoryRepository;
use Donna\Marketing\FileMailboxRepository;
use Donna\Marketing\MailboxSeed;
use Donna\Sales\FileSalesRepository;
use Donna\Secretary\FileTaskRepository;
use Donna\Storage\History;
use Donna\Storage\JsonStore;
use Donna\System\FileEventRepository;
use Donna\Tests\Workshop;
use Donna\Text;

use function Donna\Tests\directory;
use function Donna\Tests\same;
use function Donna\Tests\test;
use function Donna\Tests\truth;

$put = static fn(string $data, string $name, array $document) => (new JsonStore($data))->update($name, static fn(): array => $document);

test('a history keeps the newest entries within its count and bytes, in their order', static function (): void {
    $list = array_map(static fn(int $i): array => ['id' => $i + 100, 'at' => sprintf('%02d', 50 - $i), 'text' => str_repeat('x', 100)], range(1, 50));
    $ids = static fn(array $kept): array => array_column($kept, 'id');
    same(range(101, 150), $ids((new History(50, 100_000))->newest($list)));
    same(range(146, 150), $ids((new History(5, 100_000))->newest($list)));
    same(range(101, 105), $ids((new History(5, 100_000))->newest($list, 'at')));
    // Each has 131 bytes with its comma.
    same(range(141, 150), $ids((new History(50, 10 * 131 + 2))->newest($list)));
    same(range(142, 150), $ids((new History(50, 10 * 131))->newest($list)));
    same([150], $ids((new History(50, 10))->newest($list)));
});

test('boards, mailbox and events of an old installation are read whole, and shrink with the next change', static function () use ($put): void {
    $data = directory('old');
    $many = static fn(int $count, array $entry): array => array_map(static fn(int $i): array => ['id' => 'old-' . $i] + $entry, range(1, $count));
    $long = str_repeat('é', 1500);
    $put($data, 'contacts', $many(5000, ['name' => $long]));
    $put($data, 'tasks', $many(4000, ['title' => $long, 'status' => 'open']));
    $put($data, 'events-voice', $many(9000, ['at' => '2020', 'session_id' => str_repeat('s', 120)]));
    $put($data, 'leads', [...$many(4000, ['updated_at' => '2020', 'status' => 'new', 'temperature' => 'hot', 'notes' => $long]), ['id' => 'last', 'updated_at' => '2021', 'status' => 'new', 'temperature' => 'hot']]);
    $put($data, 'mailbox', [...$many(9000, ['body' => $long] + MailboxSeed::emails()[0]), ['received_at' => '2099'] + MailboxSeed::emails()[0]]);
    $store = new JsonStore($data);
    [$sales, $tasks, $mailbox, $events] = [new FileSalesRepository($store), new FileTaskRepository($store), new FileMailboxRepository($store), new FileEventRepository($store)];
    same([5000, 4001, 4000, 9001, 9000], [count($sales->contacts()), count($sales->leads()), count($tasks->tasks()), count($mailbox->emails()), $events->countSince('voice', '2019')]);
    $contact = $sales->addContact(['name' => 'new']);
    $task = $tasks->add('new', null, 'normal', null);
    $sales->changeLead('last', ['score' => 1]);
    $mailbox->markAnswered('none');
    truth($events->record('voice', 'new', []), 'not recorded');
    foreach (['contacts' => [2000, 2_097_152], 'leads' => [2000, 2_097_152], 'tasks' => [1000, 2_097_152], 'events-voice' => [1000, 524_288], 'mailbox' => [2000, 8_388_608]] as $name => [$count, $bytes]) {
        $kept = count($store->read($name));
        truth($kept > 100 && $kept <= $count, "{$name} has {$kept} entries");
        truth(filesize("{$data}/{$name}.json") <= $bytes, "{$name} has " . filesize("{$data}/{$name}.json") . ' bytes');
    }
    // What is newest is there, and what goes is what is oldest.
    same([$contact['id'], 'last', $task['id'], '2099', 'new'], [
        $sales->contacts()[count($sales->contacts()) - 1]['id'],
        $sales->leads()[count($sales->leads()) - 1]['id'],
        $tasks->tasks()[count($tasks->tasks()) - 1]['id'],
        $mailbox->emails()[0]['received_at'],
        $store->read('events-voice')[count($store->read('events-voice')) - 1]['id'],
    ]);
    same(false, in_array('old-1', array_column($sales->contacts(), 'id'), true));
});

test('conversations keep two megabytes of messages: the oldest of what rested longest go, no conversation does', static function () use ($put): void {
    $data = directory('long');
    $repository = new FileConversationRepository(new JsonStore($data));
    $text = str_repeat('ü', 4000);
    $of = static fn(int $i): array => [
        'messages' => array_map(static fn(int $turn): array => ['role' => 'user', 'content' => $text . $turn], range(1, 20)),
        'updated_at' => sprintf('2025-01-01T00:00:00.%03dZ', $i),
    ] + ConversationList::blank('conv-' . $i, 't', '{}', '2025-01-01T00:00:00.000Z');
    // Not in the order in which they rested.
    $put($data, JsonStore::nameFor('conversations', 'u'), ['conversations' => array_map($of, [...range(20, 1), 40])]);
    $repository->append('u', 'conv-40', 't', $text, $text . 'new');
    $file = glob($data . '/conversations/*.json')[0];
    truth(filesize($file) > 2_000_000 && filesize($file) < ConversationList::MAX_MESSAGE_BYTES + 100_000, filesize($file) . ' bytes');
    same(21, count($repository->of('u')));
    $kept = static fn(int $i): int => count($repository->messages('u', 'conv-' . $i, 100));
    same([0, 20, 20, 22], [$kept(1), $kept(19), $kept(20), $kept(40)]);
    $cut = array_values(array_filter(range(1, 20), static fn(int $i): bool => $kept($i) > 0 && $kept($i) < 20));
    same(1, count($cut), 'only one has lost some');
    same($text . '20', $repository->messages('u', 'conv-' . $cut[0], 1)[0]['content']);
    same(0, array_sum(array_map($kept, range(1, $cut[0] - 1))));
    same($text . 'new', $repository->messages('u', 'conv-40', 1)[0]['content']);
    $repository->append('u', 'conv-40', 't', 'm', str_repeat('r', 3_000_000));
    same(16000, Text::length($repository->messages('u', 'conv-40', 1)[0]['content']));
});

test('a list of conversations as large as an old installation could have is read, and shrinks with the next turn', static function (): void {
    $data = directory('huge');
    $code = 'require ' . var_export(__DIR__ . '/../../lib/autoload.php', true) . '; $data = ' . var_export($data, true) . ';'
        . '$turns = array_fill(0, 100, ["role" => "user", "content" => str_repeat("x", 4000)]);'
        . '$old = fn(int $i): array => ["messages" => $turns, "updated_at" => sprintf("2024-01-01T00:00:00.%03dZ", $i)] + Donna\Conversations\ConversationList::blank("conv-$i", "t", "{}", "2024-01-01T00:00:00.000Z");'
        . 'if ($argv[1] === "make") { mkdir("$data/conversations"); file_put_contents($data . "/" . Donna\Storage\JsonStore::nameFor("conversations", "u") . ".json", json_encode(["conversations" => array_map($old, range(1, 200))])); exit(0); }'
        . '$all = new Donna\Conversations\FileConversationRepository(new Donna\Storage\JsonStore($data));'
        . 'if (count($all->of("u")) !== 200) exit(3); $all->append("u", "conv-7", "t", "hello", "world"); exit(count($all->of("u")) === 200 && $all->messages("u", "conv-7", 1)[0]["content"] === "world" ? 0 : 4);';
    // With the memory that a request has.
    foreach (['make', 'use'] as $step) {
        $php = proc_open([PHP_BINARY, '-d', 'memory_limit=256M', '-r', $code, $step], [['file', '/dev/null', 'r'], ['file', '/dev/null', 'w'], ['file', Workshop::$root . '/huge.log', 'a']], $pipes);
        same(0, proc_close($php), (string) file_get_contents(Workshop::$root . '/huge.log'));
        $sizes[] = filesize(glob($data . '/conversations/*.json')[0]);
        clearstatcache();
    }
    truth($sizes[0] > 80_000_000 && $sizes[1] < 2_200_000, implode(' then ', $sizes));
});

test('facts of an old installation are cut to twenty of 200 characters, and what is known is not written again', static function () use ($put): void {
    $data = directory('memory');
    $name = JsonStore::nameFor('memory', 'u');
    $put($data, $name, array_fill_keys(array_map(static fn(int $i): string => 'fact' . $i, range(1, 500)), str_repeat('x', 10_000)));
    $memory = new FileMemoryRepository(new JsonStore($data));
    same(500, count($memory->of('u')));
    $memory->learn('u', ['name' => 'Zelda']);
    same([20, 'Zelda', 200], [count($memory->of('u')), $memory->of('u')['name'], Text::length($memory->of('u')['fact1'])]);
    $inode = fileinode("{$data}/{$name}.json");
    $memory->learn('u', ['name' => 'Zelda']);
    clearstatcache();
    same($inode, fileinode("{$data}/{$name}.json"));
});

test('within a request a document is opened once, and seen as the request has left it', static function () use ($put): void {
    $data = directory('seen');
    $put($data, 'a', ['v' => 1]);
    $store = new JsonStore($data, isOfRequest: true);
    same(['v' => 1], $store->read('a'));
    $put($data, 'a', ['v' => 2]);
    same(['v' => 1], $store->read('a'));
    // A change begins from what is stored, not from what was seen.
    $store->update('a', static fn(array $now): array => ['v' => $now['v'] + 1]);
    same(['v' => 3], $store->read('a'));
    $put($data, 'large', ['v' => str_repeat('x', 300_000)]);
    $store->read('large');
    $put($data, 'large', []);
    same([], $store->read('large'));
    same(['w' => 1], $store->read('none', ['w' => 1]));
    same(['w' => 2], $store->read('none', ['w' => 2]));
});

test('a temporary file is swept by its age and its kind, and nothing else is', static function (): void {
    $data = directory('sweep');
    foreach (['old.tmp' => 301, 'new.tmp' => 200, 'phpAb12Cd' => 3601, 'phpNew123' => 3000, 'phpinfo' => 9999, 'photo.json' => 9999] as $name => $age) {
        touch($data . '/' . $name, time() - $age);
    }
    Donna\Storage\AtomicFile::sweep($data);
    same(['new.tmp', 'photo.json', 'phpNew123', 'phpinfo'], array_values(array_diff(scandir($data), ['.', '..'])));
});
