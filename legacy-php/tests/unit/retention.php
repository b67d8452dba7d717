<?php

declare(strict_types=1);

use Donna\Conversations\ConversationList;
use Donna\Conversations\FileConversationRepository;
use Donna\Replication\ReplicatedConversations;
use Donna\Replication\ReplicatedDocuments;
use Donna\Retention\PolicyException;
use Donna\Retention\RetentionPolicy;
use Donna\Storage\JsonStore;

use function Donna\Tests\contains;
use function Donna\Tests\directory;
use function Donna\Tests\lacks;
use function Donna\Tests\same;
use function Donna\Tests\test;
use function Donna\Tests\truth;

const CLEANUP = __DIR__ . '/../../scripts/cleanup_runtime_data.php';
const POLICY = __DIR__ . '/../../retention.json';

/** @return array{int, string, string} exit code, output, errors */
$clean = static function (string $data, string ...$options): array {
    $pipes = [];
    $process = proc_open(
        [PHP_BINARY, CLEANUP, ...$options],
        [1 => ['pipe', 'w'], 2 => ['pipe', 'w']],
        $pipes,
        null,
        ['DONNA_DATA_DIR' => $data, 'PATH' => (string) getenv('PATH')],
    );
    [$out, $err] = [stream_get_contents($pipes[1]), stream_get_contents($pipes[2])];

    $code = proc_close($process);
    clearstatcache();

    return [$code, (string) $out, (string) $err];
};
$moment = static fn(int $daysAgo): string => gmdate('Y-m-d\TH:i:s', time() - $daysAgo * 86400) . '.000Z';
$owner = static fn(string $user): string => substr(hash('sha256', $user), 0, 40);
/** @param array<string, int> $ages id → days of rest */
$talk = static function (string $data, string $user, array $ages, array $stamp = []) use ($moment, $owner): string {
    $list = [];
    foreach ($ages as $id => $days) {
        $list[] = ['last_message_at' => $moment($days)] + ConversationList::blank($id, 'Title of ' . $id, '{}', $moment($days));
    }
    $file = "{$data}/conversations/{$owner($user)}.json";
    is_dir(dirname($file)) || mkdir(dirname($file), 0o700, true);
    file_put_contents($file, json_encode($stamp + ['conversations' => $list]));

    return $file;
};
$aged = static function (string $file, int $seconds, string $bytes = 'x'): string {
    is_dir(dirname($file)) || mkdir(dirname($file), 0o700, true);
    file_put_contents($file, $bytes);
    touch($file, time() - $seconds);

    return $file;
};

test('the shipped policy holds what was promised, and a fault names its key', static function (): void {
    $shipped = RetentionPolicy::fromFile(POLICY);
    same([3600, 1800, 86400, 604800, 1209600, 2592000, 7776000], array_map(
        $shipped->secondsOf(...),
        ['tempAudio', 'tempFiles', 'cache', 'logs', 'errorLogs', 'conversations', 'memory'],
    ));
    $good = json_decode((string) file_get_contents(POLICY), true);
    $faults = static function (array $policy): string {
        try {
            RetentionPolicy::fromText((string) json_encode($policy));
        } catch (PolicyException $e) {
            return $e->getMessage();
        }

        return '';
    };
    same('', $faults($good));
    foreach (['0d', '-1d', '30', 30, '1y', '30d ', "30d\n", '4m', '3651d', '999999d', '9999999999999h', '0.5d', ' 30d', null, [], true] as $wrong) {
        contains('keep.conversations: ', $faults(array_replace_recursive($good, ['keep' => ['conversations' => $wrong === [] ? 0 : $wrong]])));
    }
    contains('keep.converstions: is not known', $faults(['keep' => ['converstions' => '1d'] + $good['keep']] + $good));
    contains('keeps: is not known', $faults($good + ['keeps' => []]));
    contains('version: must be 1', $faults(['version' => 2] + $good));
    unset($good['keep']['memory']);
    same('keep.memory: is missing', $faults($good));
    foreach (['', '[]', 'null', '{', '"x"'] as $text) {
        try {
            RetentionPolicy::fromText($text);
            truth(false, $text . ' was taken for a policy');
        } catch (PolicyException) {
            truth(true, '');
        }
    }
});

test('the clean-up removes what is too old of each kind, and a dry run says the same and removes nothing', static function () use ($clean, $talk, $aged, $owner, $moment): void {
    $data = directory('cleanup');
    $conversations = $talk($data, 'ann', ['conv_old' => 31, 'conv_young' => 29, 'conv_future' => -400]);
    $gone = [
        $aged("{$data}/audio/call.wav", 3700), $aged("{$data}/tmp/upload.mp3", 3700), $aged("{$data}/tmp/a.tmp", 1900),
        $aged("{$data}/sessions/tmp/b.tmp", 1900), $aged("{$data}/cache/deep/er/x", 90000), $aged("{$data}/rate/00.json", 90000),
        $aged("{$data}/logs/app.log.3.gz", 8 * 86400), $aged("{$data}/logs/php_errors.log.1", 15 * 86400),
        $aged("{$data}/memory/{$owner('ann')}.json", 91 * 86400, '{"name":"Ann"}'),
        $aged("{$data}/sessions/sess_" . str_repeat('a', 48), 9 * 3600), $aged("{$data}/replaced/settings-x.json", 31 * 86400),
    ];
    $kept = [
        $aged("{$data}/tmp/fresh.wav", 1900), $aged("{$data}/tmp/fresh.tmp", 60), $aged("{$data}/logs/error.log", 13 * 86400),
        $aged("{$data}/memory/{$owner('bob')}.json", 89 * 86400, '{"name":"Bob"}'), $aged("{$data}/users.json", 900 * 86400, '[]'),
        $aged("{$data}/settings/{$owner('ann')}.json", 900 * 86400, '{"theme":"dark"}'), $aged("{$data}/sessions/sess_" . str_repeat('b', 48), 3600),
    ];
    file_put_contents("{$data}/events-voice.json", json_encode([['id' => 'evt_old', 'at' => $moment(31)], ['id' => 'evt_young', 'at' => $moment(1)], ['id' => 'evt_odd']]));
    [$code, $out, $err] = $clean($data, '--dry-run', '--json', '--verbose');
    same([0, ''], [$code, $err]);
    $dry = json_decode($out, true);
    foreach ([...$gone, ...$kept] as $file) {
        truth(is_file($file), 'a dry run has removed ' . $file);
    }
    [$code, $out] = $clean($data, '--json', '--verbose');
    $real = json_decode($out, true);
    same(0, $code);
    sort($dry['items']);
    sort($real['items']);
    same([$dry['counts'], $dry['items']], [$real['counts'], $real['items']]);
    truth(in_array("conversations  conversations/{$owner('ann')}#conv_old", $real['items'], true), $out);
    same([], array_filter($gone, is_file(...)));
    same($kept, array_values(array_filter($kept, is_file(...))));
    same(['conv_young', 'conv_future'], array_column(json_decode((string) file_get_contents($conversations), true)['conversations'], 'id'));
    same(['evt_young', 'evt_odd'], array_column(json_decode((string) file_get_contents("{$data}/events-voice.json"), true), 'id'));
    // Neither what was said nor the key of a session stands in what is printed.
    lacks('Title of', $out . $err);
    lacks(str_repeat('a', 48), $out);
    [$code, $out] = $clean($data, '--json', '--verbose');
    same([0, []], [$code, json_decode($out, true)['items']]);
});

test('a planted link leads the clean-up nowhere', static function () use ($clean, $aged, $talk, $owner): void {
    $outside = directory('outside');
    $treasure = $aged("{$outside}/old.log", 400 * 86400);
    $memory = $aged("{$outside}/{$owner('eve')}.json", 400 * 86400, '{"a":"b"}');
    $talkOutside = $talk($outside, 'eve', ['conv_old' => 400]);
    $before = hash_file('sha256', $talkOutside);
    $data = directory('links');
    symlink($outside, "{$data}/logs");
    symlink($outside, "{$data}/memory");
    mkdir("{$data}/tmp");
    symlink($outside, "{$data}/tmp/inner");
    symlink($treasure, "{$data}/tmp/treasure.log");
    mkdir("{$data}/conversations");
    symlink($talkOutside, "{$data}/conversations/{$owner('eve')}.json");
    [$code, , $err] = $clean($data, '--verbose');
    same(74, $code);
    foreach (['logs logs:', 'memory memory:', 'tmp/inner: a symbolic link', 'tmp/treasure.log: a symbolic link', 'conversations conversations/'] as $told) {
        contains($told, $err);
    }
    truth(is_file($treasure) && is_file($memory), 'something outside is gone');
    same($before, hash_file('sha256', $talkOutside));
});

test('a folder that is swapped for a link between look and removal loses nothing', static function () use ($aged): void {
    $outside = directory('swap-outside');
    $treasure = $aged("{$outside}/old.tmp", 86400);
    $data = (string) realpath(directory('swap'));
    $aged("{$data}/tmp/old.tmp", 86400);
    $folder = \Donna\Retention\PinnedFolder::enter($data, 'tmp');
    truth($folder instanceof \Donna\Retention\PinnedFolder, 'the folder cannot be entered');
    truth($folder->file('old.tmp') !== null, 'the file is not seen');
    rename("{$data}/tmp", "{$data}/aside");
    symlink($outside, "{$data}/tmp");
    truth($folder->remove('old.tmp'), 'it was not removed');
    $folder->leave();
    same([true, false], [is_file($treasure), is_file("{$data}/aside/old.tmp")]);
});

test('times from the future keep nothing for ever and remove nothing', static function () use ($clean, $aged): void {
    $data = directory('future');
    // Touched ahead now: the system knows when that was.
    $ahead = $aged("{$data}/tmp/ahead.tmp", -86400 * 30);
    same([0, true], [$clean($data)[0], is_file($ahead)]);
    same(3600, \Donna\Retention\Age::ofFile(['mtime' => 900_000, 'ctime' => 100_000 - 3600], 100_000));
    same(null, \Donna\Retention\Age::ofFile(['mtime' => 900_000, 'ctime' => 900_000], 100_000));
});

test('one clean-up runs at a time, a bad command line and a bad policy are told apart', static function () use ($clean, $aged): void {
    $data = directory('alone');
    mkdir("{$data}/locks");
    $old = $aged("{$data}/tmp/a.tmp", 86400);
    $held = fopen("{$data}/locks/cleanup.lock", 'cb');
    flock($held, LOCK_EX);
    [$code, , $err] = $clean($data);
    same([75, true], [$code, is_file($old)]);
    contains('Another clean-up is under way', $err);
    fclose($held);
    same(64, $clean($data, '--dryrun')[0]);
    same(66, $clean($data . '-absent')[0]);
    $policy = $aged("{$data}/policy.json", 0, '{"version":1,"keep":{"conversations":"0d"}}');
    [$code, , $err] = $clean($data, '--config', $policy);
    same([78, true], [$code, is_file($old)]);
    contains('keep.conversations: must be', $err);
    same(0, $clean($data)[0]);
    same(false, is_file($old));
});

test('a tombstone outlives the shortest policy', static function () use ($clean, $aged, $owner): void {
    $data = directory('tombstone');
    $policy = $aged("{$data}/policy.json", 0, strtr((string) file_get_contents(POLICY), ['"tempFiles": "30m"' => '"tempFiles": "5m"']));
    $young = $aged("{$data}/erased/{$owner('a')}", 400);
    $old = $aged("{$data}/erased/{$owner('b')}", 700);
    same(0, $clean($data, '--config', $policy)[0]);
    same([true, false], [is_file($young), is_file($old)]);
});

test('one document that is spoilt does not keep the others', static function () use ($clean, $talk, $aged, $owner): void {
    $data = directory('spoilt');
    $file = $talk($data, 'ann', ['conv_old' => 60]);
    $aged("{$data}/conversations/{$owner('bob')}.json", 0, '{"conversations":[{"id"');
    $odd = $aged("{$data}/conversations/{$owner('cyd')}.json", 0, '{"conversations":[{"id":"x","updated_at":17},"y",{"updated_at":"0000"}]}');
    [$code, , $err] = $clean($data);
    same(74, $code);
    contains($owner('bob'), $err);
    same('{"conversations":[]}', file_get_contents($file));
    contains('"updated_at":17', (string) file_get_contents($odd));
});

test('a conversation that is used while the clean-up runs survives, and no write is lost', static function () use ($clean, $talk, $owner): void {
    $data = directory('busy');
    $ages = [];
    for ($i = 0; $i < 100; $i++) {
        $ages['conv_' . $i] = 60;
    }
    for ($i = 0; $i < 20; $i++) {
        $talk($data, 'user' . $i, $ages);
    }
    $pipes = [];
    $process = proc_open([PHP_BINARY, CLEANUP], [1 => ['file', '/dev/null', 'w']], $pipes, null, ['DONNA_DATA_DIR' => $data]);
    $php = new FileConversationRepository(new JsonStore($data));
    for ($i = 0; $i < 20; $i++) {
        $php->append('user' . $i, 'conv_7', 'Title', 'still here', 'indeed');
        $php->append('user' . $i, 'conv_new', 'Title', 'new', 'one');
    }
    same(0, proc_close($process));
    for ($i = 0; $i < 20; $i++) {
        $left = array_column((new JsonStore($data))->read('conversations/' . $owner('user' . $i))['conversations'], null, 'id');
        same(['conv_7', 'conv_new'], array_keys($left), "user{$i}");
        same('still here', $left['conv_7']['messages'][0]['content']);
    }
});

test("the gateway's own documents are left to it a day longer, and it can let conversations expire", static function () use ($clean, $talk, $owner, $moment): void {
    $data = directory('stamped');
    $stamp = ['~gateway' => ['origin' => str_repeat('a', 32), 'seq' => 3]];
    $file = $talk($data, 'ann', ['conv_a' => 32, 'conv_b' => 30, 'conv_c' => 1], $stamp);
    file_put_contents($file, strtr((string) file_get_contents($file), [$moment(30) => gmdate('Y-m-d\TH:i:s', time() - 30 * 86400 - 3600) . '.000Z']));
    same(0, $clean($data)[0]);
    $left = json_decode((string) file_get_contents($file), true);
    same([['conv_b', 'conv_c'], $stamp['~gateway']], [array_column($left['conversations'], 'id'), $left['~gateway']]);
    $documents = new ReplicatedDocuments(new JsonStore($data), 'conversations', new ReplicatedConversations());
    $change = ['seq' => 4, 'kind' => 'expire', 'before' => $moment(30), 'at' => $moment(0)];
    truth((new ReplicatedConversations())->isChange($change), 'it is no change');
    truth(!(new ReplicatedConversations())->isChange(['before' => '9'] + $change), 'a moment that is none');
    same(1, $documents->apply($owner('ann'), str_repeat('a', 32), 3, [$change])['applied']);
    same(['conv_c'], array_column((new JsonStore($data))->read('conversations/' . $owner('ann'))['conversations'], 'id'));
});
