<?php

declare(strict_types=1);

use Donna\Conversations\FileConversationRepository;
use Donna\Donna\FileMemoryRepository;
use Donna\Http\RateLimiter;
use Donna\Identity\SessionFiles;
use Donna\Settings\Defaults;
use Donna\Storage\AtomicFile;
use Donna\Storage\JsonStore;
use Donna\Storage\UnreadableException;
use Donna\System\FileEventRepository;

use function Donna\Tests\directory;
use function Donna\Tests\same;
use function Donna\Tests\test;
use function Donna\Tests\truth;

test('updates from several processes are all kept, and leave no temporary file', static function (): void {
    $data = directory('store');
    $code = 'require ' . var_export(__DIR__ . '/../../lib/autoload.php', true) . ';'
        . '$s = new Donna\Storage\JsonStore(' . var_export($data, true) . ');'
        . 'for ($i = 0; $i < 50; $i++) { $s->update("counter", fn(array $d): array => ["n" => ($d["n"] ?? 0) + 1]); }';
    $processes = [];
    for ($i = 0; $i < 4; $i++) {
        $processes[] = proc_open([PHP_BINARY, '-r', $code], [['file', '/dev/null', 'r'], ['file', '/dev/null', 'w'], ['file', '/dev/null', 'w']], $pipes);
    }
    foreach ($processes as $process) {
        same(0, proc_close($process));
    }
    same(['n' => 200], (new JsonStore($data))->read('counter'));
    same([], glob($data . '/tmp/*'));
});

test('a change that fails leaves the old document and no temporary file', static function (): void {
    $data = directory('store');
    $store = new JsonStore($data);
    $store->update('doc', static fn(): array => ['v' => 1]);
    foreach ([static fn(): array => throw new RuntimeException('no'), static fn(): array => ['v' => "\xFF"]] as $change) {
        try {
            $store->update('doc', $change);
            truth(false, 'nothing was thrown');
        } catch (RuntimeException|JsonException) {
            same(['v' => 1], $store->read('doc'));
        }
    }
    $store->update('doc', static fn(): ?array => null);
    same(['v' => 1], $store->read('doc'));
    same([], glob($data . '/tmp/*'));
});

test('a document that cannot be read is not taken for none, and not written over', static function (): void {
    $data = directory('unreadable');
    $store = new JsonStore($data);
    $store->update('settings/a', static fn(): array => ['v' => 1]);
    // Nobody can read a link that leads to itself, whoever runs this.
    unlink($data . '/settings/a.json');
    symlink('a.json', $data . '/settings/a.json');
    foreach ([
        static fn() => $store->read('settings/a'),
        static fn() => $store->update('settings/a', static fn(): array => ['v' => 2]),
    ] as $use) {
        try {
            $use();
            truth(false, 'nothing was thrown');
        } catch (UnreadableException) {
            same('a.json', readlink($data . '/settings/a.json'));
        }
    }
    same([null, null], [$store->bytes('settings/b'), $store->bytes('never/c')]);
});

test('a document in a folder that cannot be looked into is not taken for none', static function (): void {
    $data = directory('closed');
    $store = new JsonStore($data);
    $store->update('settings/a', static fn(): array => ['v' => 1]);
    chmod($data . '/settings', 0o000);
    if (posix_geteuid() === 0) {
        // To root every folder is open.
        chmod(dirname($data), 0o711);
        chmod($data, 0o711);
        posix_seteuid(65534);
    }
    try {
        foreach ([static fn() => $store->read('settings/a'), static fn() => $store->names('settings')] as $use) {
            try {
                $use();
                truth(false, 'nothing was thrown');
            } catch (UnreadableException) {
                truth(true, '');
            }
        }
    } finally {
        posix_seteuid(posix_getuid());
        chmod($data . '/settings', 0o700);
    }
});

test('documents are found whatever the path to them looks like', static function (): void {
    $store = new JsonStore(directory('brackets') . '/[x]{a,b}*');
    same([], $store->names('settings'));
    $store->update('settings/a', static fn(): array => ['v' => 1]);
    same(['settings/a'], $store->names('settings'));
});

test('a full disk leaves the old document and no temporary file', static function (): void {
    $data = directory('full');
    $code = 'require ' . var_export(__DIR__ . '/../../lib/autoload.php', true) . ';'
        . '$s = new Donna\Storage\JsonStore(' . var_export($data, true) . ');'
        . '$s->update("doc", fn(): array => ["v" => 1]);'
        . 'try { $s->update("doc", fn(): array => ["v" => str_repeat("x", 200000)]); } catch (RuntimeException $e) { exit($e->getMessage() === "The store is full." ? 7 : 8); }';
    // Bash's limit counts kilobytes; the signal would end the process.
    $process = proc_open(['bash', '-c', 'trap "" XFSZ; ulimit -f 64; exec "$0" -r "$1"', PHP_BINARY, $code], [['file', '/dev/null', 'r'], ['file', '/dev/null', 'w'], ['file', '/dev/null', 'w']], $pipes);
    same(7, proc_close($process));
    same(['v' => 1], (new JsonStore($data))->read('doc'));
    same([], glob($data . '/tmp/*'));
});

test('what a killed process left half-written is swept', static function (): void {
    $data = directory('sweep');
    touch($data . '/old.tmp', time() - 400);
    touch($data . '/new.tmp');
    AtomicFile::sweep($data);
    same([$data . '/new.tmp'], glob($data . '/*'));
});

test('updates do not nest and names do not climb', static function (): void {
    $store = new JsonStore(directory('store'));
    foreach ([
        static fn() => $store->update('a', static function () use ($store): array {
            $store->update('b', static fn(): array => []);

            return [];
        }),
        static fn() => $store->read('../a'),
        static fn() => $store->read('a/b/c'),
    ] as $wrong) {
        try {
            $wrong();
            truth(false, 'nothing was thrown');
        } catch (LogicException) {
            truth(true, '');
        }
    }
    same([], $store->read(JsonStore::nameFor('users', "../../etc/passwd\0")));
});

test('a user has at most 200 conversations of at most 100 messages', static function (): void {
    $repository = new FileConversationRepository(new JsonStore(directory('bounded')));
    for ($i = 0; $i < 203; $i++) {
        $repository->create('u', 'c' . $i, '{}', 'conv-' . $i);
    }
    same(200, count($repository->of('u')));
    for ($i = 0; $i < 60; $i++) {
        $repository->append('u', 'conv-202', 'title', 'm' . $i, 'r' . $i);
    }
    same(100, count($repository->messages('u', 'conv-202', 1000)));
    same(120, $repository->of('u')[0]['message_count']);
    same('r59', $repository->of('u')[0]['last_message_preview']);
    same([], $repository->of('another'));
});

test('memory and events are bounded, and an event counts once', static function (): void {
    $store = new JsonStore(directory('bounded'));
    $memory = new FileMemoryRepository($store);
    for ($i = 0; $i < 30; $i++) {
        $memory->learn('u', ['fact' . $i => 'x']);
    }
    same(20, count($memory->of('u')));
    truth(isset($memory->of('u')['fact29']), 'the newest fact is lost');
    $events = new FileEventRepository($store);
    same(true, $events->record('telnyx', 'e1', []));
    same(false, $events->record('telnyx', 'e1', []));
    same(1, $events->countSince('telnyx', '2000'));
});

test('settings merge group by group, and lists are replaced', static function (): void {
    $own = Defaults::merge(['behavior' => ['tone' => 'formal']], ['behavior' => ['maxHistory' => 5], 'knowledge' => ['faq' => [['q' => 'a']]]]);
    $all = Defaults::with($own);
    same('formal', $all['behavior']['tone']);
    same(5, $all['behavior']['maxHistory']);
    same(true, $all['behavior']['typingIndicator']);
    same([['q' => 'a']], $all['knowledge']['faq']);
    same([], Defaults::with(Defaults::merge($own, ['knowledge' => ['faq' => []]]))['knowledge']['faq']);
    same('general', Defaults::with([])['profile']);
    same(['name' => 'Dana', 'role' => 'general', 'avatar' => null], Defaults::with(['profile' => ['name' => 'Dana']])['profile']);
});

test('a limit holds for its window and not longer', static function (): void {
    $limiter = new RateLimiter(directory('rate'));
    same([0, 0, 0], [$limiter->hit('k', 3, 60, 1000), $limiter->hit('k', 3, 60, 1001), $limiter->hit('k', 3, 60, 1002)]);
    same(57, $limiter->hit('k', 3, 60, 1003));
    same(0, $limiter->hit('other', 3, 60, 1003));
    same(0, $limiter->hit('k', 3, 60, 1060));
    $limiter->clear('k');
    same(0, $limiter->hit('k', 1, 60, 1060));
});

test('a limiter that cannot write lets the request pass', static function (): void {
    $file = directory('rate') . '/file';
    touch($file);
    same(0, (new RateLimiter($file . '/below-a-file'))->hit('k', 1, 60, 1));
});

test('a session file is read while another holds its lock', static function (): void {
    $data = directory('sessions');
    $id = bin2hex(random_bytes(24));
    $writer = new SessionFiles($data);
    $writer->open('', '');
    $writer->read($id);
    $writer->write($id, 'data');
    // The writer still holds the lock here; a reader that asked for it would wait for ever.
    $reader = new SessionFiles($data);
    same('data', $reader->peek($id));
    $writer->close();
    same(false, $reader->exists('../../etc/passwd'));
    same(false, $reader->exists(str_repeat('a', 22)));
    touch($data . '/sess_' . $id, time() - SessionFiles::IDLE_SECONDS - 1);
    clearstatcache();
    same([false, null], [$reader->exists($id), $reader->peek($id)]);
    same(1, $writer->gc(0));
});
