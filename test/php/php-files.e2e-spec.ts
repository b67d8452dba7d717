import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { requirePart } from '../setup/parts.js';
import { eventually } from '../support/eventually.js';
import { HELD_AUDIO, HeldProvider } from '../support/held-provider.js';
import { call, type CallAnswer, multipart } from '../support/http-call.js';
import { describeWithFpm, type PhpFpm, startPhpFpm } from '../support/php-fpm.js';
import { IDENTITY_SECRET } from '../support/test-gateway.js';

const AUTOLOAD = resolve(import.meta.dirname, '../../legacy-php/lib/autoload.php');
const SWEEP = String.raw`require $argv[1]; Donna\Storage\AtomicFile::sweep($argv[2]);`;
const CONVERSATIONS = '/api/conversations.php';
const TALK = '/api/donna_logic.php';
const VOICE = '/api/voice-chat.php';
const WRITERS = 20;

describeWithFpm('files of the PHP application under php-fpm', (parts) => {
  const folder = mkdtempSync(join(tmpdir(), 'php-files-'));
  const [data, uploads] = [join(folder, 'data'), join(folder, 'uploads')];
  const provider = new HeldProvider();
  const cli = requirePart('php');
  let php: PhpFpm;

  beforeAll(async () => {
    mkdirSync(uploads);
    const origin = await provider.listen();
    php = await startPhpFpm(parts, {
      env: {
        DONNA_DATA_DIR: data,
        TMPDIR: uploads,
        GATEWAY_IDENTITY_SECRET: IDENTITY_SECRET,
        OPENAI_BASE_URL: `${origin}/v1`,
        OPENAI_API_KEY: 'key',
        ELEVENLABS_BASE_URL: `${origin}/v1`,
        ELEVENLABS_API_KEY: 'key',
      },
    });
  }, 60_000);
  afterAll(async () => {
    provider.release();
    await php.stop();
    provider.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => provider.release());

  const ask = (user: string, method: string, path: string, json?: unknown): Promise<CallAnswer> =>
    call(php.origin, path, {
      method,
      headers: {
        'X-Gateway-Identity': identityOf(user, method, path),
        ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
  const upload = (user: string): Promise<CallAnswer> => {
    const { type, body } = multipart([['action', 'upload_audio']], [['audio', 'a.mp3', 'audio/mpeg', HELD_AUDIO]]);
    const headers = { 'X-Gateway-Identity': identityOf(user, 'POST', VOICE), 'Content-Type': type };
    return call(php.origin, VOICE, { method: 'POST', headers, body });
  };
  const list = async (user: string): Promise<readonly Conversation[]> =>
    ((await ask(user, 'GET', CONVERSATIONS)).json() as { data: Conversation[] }).data;

  it('loses no update of twenty writers at once, and leaves no temporary file', async () => {
    const each = [...Array(WRITERS).keys()];
    const answers = await Promise.all(
      each.flatMap((i) => [
        ask('ann', 'POST', CONVERSATIONS, { title: `c${i}` }),
        ask('ann', 'POST', TALK, { message: `You are an idiot, number ${i}`, chat_id: 'one' }),
        ask('ann', 'POST', '/api/sales/overview.php', { action: 'add_contact', name: `n${i}` }),
        ask('ann', 'POST', '/api/marketing.php', { action: 'voice_event', type: `t${i}` }),
      ]),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 201]));
    const kept = await list('ann');
    expect(kept.map(({ title }) => title)).toEqual(expect.arrayContaining(each.map((i) => `c${i}`)));
    expect(kept.find(({ id }) => id === 'one')?.message_count).toBe(2 * WRITERS);
    const { contacts } = (
      (await ask('ann', 'GET', '/api/sales/overview.php')).json() as { data: { contacts: Named[] } }
    ).data;
    expect(contacts.map(({ name }) => name)).toEqual(expect.arrayContaining(each.map((i) => `n${i}`)));
    expect(readJson<readonly unknown[]>(join(data, 'events-voice.json'))).toHaveLength(WRITERS);
    expect(readdirSync(join(data, 'tmp'))).toEqual([]);
  }, 60_000);

  it('holds no lock while it waits for a provider', async () => {
    provider.hold();
    const talk = ask('ben', 'POST', TALK, { message: 'My name is Zelda', chat_id: 'held' });
    await eventually(() => provider.waiting === 1);
    // The same documents are written and read meanwhile: these would wait until the test ends.
    expect((await ask('ben', 'POST', CONVERSATIONS, { title: 'meanwhile' })).status).toBe(201);
    const abuse = { message: 'You are an idiot', chat_id: 'held' };
    expect((await ask('ben', 'POST', TALK, abuse)).status).toBe(200);
    expect(provider.waiting).toBe(1);
    provider.release();
    expect((await talk).status).toBe(200);
    const kept = await list('ben');
    expect(kept.map(({ title }) => title)).toContain('meanwhile');
    expect(kept.find(({ id }) => id === 'held')?.message_count).toBe(4);
  }, 60_000);

  it('has no audio in a file while a provider hears it, nor afterwards', async () => {
    const before = filesBelow(data);
    provider.hold();
    const uploaded = upload('cat');
    await eventually(() => provider.waiting === 1);
    expect(readdirSync(uploads)).toEqual([]);
    provider.release();
    expect(await uploaded).toMatchObject({ status: 200 });
    const spoken = await ask('cat', 'POST', VOICE, { action: 'text_to_speech', text: 'Hello' });
    expect((spoken.json() as { audio_data: string }).audio_data).toBe(HELD_AUDIO.toString('base64'));
    const turned = { action: 'speech_to_speech', audio_data: HELD_AUDIO.toString('base64') };
    expect((await ask('cat', 'POST', VOICE, turned)).status).toBe(200);
    expect(readdirSync(uploads)).toEqual([]);
    expect(filesBelow(data)).toEqual(before);
  }, 60_000);

  it('leaves no file of uploads that are refused, cut short, or whose client leaves', async () => {
    const before = filesBelow(data);
    const refused = multipart([['action', 'upload_audio']], [['audio', 'a.php', 'audio/mpeg', Buffer.from('<?php')]]);
    const identity = { 'X-Gateway-Identity': identityOf('dan', 'POST', VOICE) };
    const headers = { ...identity, 'Content-Type': refused.type };
    expect((await call(php.origin, VOICE, { method: 'POST', headers, body: refused.body })).status).toBe(415);

    // Half an upload, which PHP has begun to write down.
    const half = connect(php.port, '127.0.0.1');
    const { type, body } = multipart([], [['audio', 'a.mp3', 'audio/mpeg', HELD_AUDIO]]);
    half.write(
      `POST ${VOICE} HTTP/1.1\r\nHost: php\r\nX-Gateway-Identity: ${identity['X-Gateway-Identity']}\r\n` +
        `Content-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    half.write(body.subarray(0, body.length / 2));
    await eventually(() => readdirSync(uploads).length > 0);
    half.destroy();
    await eventually(() => readdirSync(uploads).length === 0);

    provider.hold();
    const left = connect(php.port, '127.0.0.1');
    left.write(
      `POST ${VOICE} HTTP/1.1\r\nHost: php\r\nX-Gateway-Identity: ${identity['X-Gateway-Identity']}\r\n` +
        `Content-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    left.write(body);
    await eventually(() => provider.waiting === 1);
    left.destroy();
    provider.release();
    await eventually(() => provider.waiting === 0 && readdirSync(uploads).length === 0);
    expect(filesBelow(data)).toEqual(before);
  }, 60_000);

  it('keeps what it has confirmed when its processes are killed, and sweeps what they leave', async () => {
    const confirmed: string[] = [];
    const end = new AbortController();
    const writer = async (name: string): Promise<void> => {
      for (let i = 0; !end.signal.aborted; i++) {
        const title = `${name}-${i}`;
        const answer = await ask('eve', 'POST', CONVERSATIONS, { title }).catch(() => undefined);
        if (answer?.status === 201) confirmed.push(title);
      }
    };
    const writers = ['a', 'b', 'c', 'd'].map(writer);
    let kills = 0;
    for (let round = 1; round <= 5; round++) {
      await eventually(() => confirmed.length >= round * 8);
      for (const pid of php.workers()) {
        process.kill(pid, 'SIGKILL');
        kills += 1;
      }
    }
    end.abort();
    await Promise.all(writers);
    expect(kills).toBeGreaterThan(5);
    // Those above the two hundred that are kept have gone by their age.
    expect((await list('eve')).map(({ title }) => title)).toEqual(expect.arrayContaining(confirmed.slice(-150)));
    const temporary = join(data, 'tmp');
    writeFileSync(join(temporary, `${'0'.repeat(24)}.tmp`), 'half');
    for (const file of readdirSync(temporary)) {
      expect(file).toMatch(/^[0-9a-f]{24}\.tmp$/);
      utimesSync(join(temporary, file), 0, 0);
    }
    if (!cli.isPresent) throw new Error(cli.reason);
    execFileSync(cli.path, ['-r', SWEEP, AUTOLOAD, temporary]);
    expect(readdirSync(temporary)).toEqual([]);
    expect((await ask('eve', 'POST', CONVERSATIONS, { title: 'after' })).status).toBe(201);
  }, 60_000);
});

interface Conversation {
  readonly id: string;
  readonly title: string;
  readonly message_count: number;
}

interface Named {
  readonly name: string;
}

/** Signed as the gateway signs for its callers. */
function identityOf(user: string, htm: string, htu: string): string {
  const iat = Math.floor(Date.now() / 1000);
  const claims = { iss: 'donna-gateway', via: 'jwt', sub: user, roles: ['user'], htm, htu, iat, exp: iat + 60 };
  const signed = [{ alg: 'HS256', typ: 'gateway-identity+jwt' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${signed}.${createHmac('sha256', IDENTITY_SECRET).update(signed).digest('base64url')}`;
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}

/** Files of the store, without its locks and limits, which are few and stay. */
function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/^(?:locks|rate)(?:\/|$)/.test(name))
    .sort();
}
