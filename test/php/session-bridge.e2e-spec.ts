import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { holdsOnce } from '../support/holds-once.js';
import { call, type CallAnswer } from '../support/http-call.js';
import { eventually } from '../support/eventually.js';
import {
  cookieOf,
  EVE,
  EVE_PASSWORD,
  OTHER_HASH,
  signInForSession,
  unlimitedTable,
  type UserEntry,
  writeUsers,
} from '../support/legacy-php.js';
import { describeWith } from '../setup/parts.js';
import { QUESTION, SessionWatcher } from '../support/session-watcher.js';
import { startRedisServer } from '../support/redis-server.js';
import { describeWithFpm, type PhpFpm, startPhpFpm } from '../support/php-fpm.js';
import { IDENTITY_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';

const BOB: UserEntry = {
  ...EVE,
  id: 'user_bob',
  email: 'bob@donna.example',
  name: 'Bob Example',
  password_hash: OTHER_HASH,
};
const BOB_PASSWORD = 'another good secret';

describeWithFpm('PHP sessions through the gateway, on php-fpm', (parts) => {
  const data = mkdtempSync(join(tmpdir(), 'session-bridge-'));
  let fpm: PhpFpm;
  let watcher: SessionWatcher;
  let gateway: TestGateway;

  beforeAll(async () => {
    fpm = await startPhpFpm(parts, {
      env: { DONNA_DATA_DIR: data, GATEWAY_IDENTITY_SECRET: IDENTITY_SECRET, REQUIRE_GATEWAY: 'true' },
    });
    watcher = await SessionWatcher.start(fpm.origin);
    gateway = await startTestGateway({ phpTargets: [watcher.origin], routes: unlimitedTable() });
  });
  beforeEach(() => {
    writeUsers(data, [EVE, BOB]);
    watcher.questions = 0;
  });
  afterEach(() => watcher.letGo());
  afterAll(async () => {
    await gateway.stop();
    await watcher.stop();
    await fpm.stop();
    rmSync(data, { recursive: true, force: true });
  });

  const signIn = (email = EVE.email, password = EVE_PASSWORD) => signInForSession(gateway.url, email, password);
  const list = (cookie: string, origin = gateway.url): Promise<CallAnswer> =>
    call(origin, '/api/conversations.php', { headers: { Cookie: cookie } });
  const logOut = ({ cookie, csrf }: { cookie: string; csrf: string }): Promise<CallAnswer> =>
    call(gateway.url, '/api/auth/logout.php', { method: 'POST', headers: { Cookie: cookie, 'X-CSRF-Token': csrf } });
  const sessionFiles = (): string[] =>
    readdirSync(data, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('sess_'));

  it('does not wait for a page that keeps the session', async () => {
    const { cookie } = await signIn();
    const hold = (ms: number, onHeld: () => void = () => undefined): Promise<string> =>
      new Promise((resolve, reject) => {
        const path = `/__fixtures/hold-session.php?ms=${ms}`;
        request(`${fpm.origin}${path}`, { headers: { Cookie: cookie }, agent: false }, (res) => {
          let text = '';
          res.setEncoding('utf8').on('data', (chunk: string) => {
            text += chunk;
            if (text.startsWith('held')) onHeld();
          });
          res.on('end', () => resolve(text));
        })
          .on('error', reject)
          .end();
      });
    const order: string[] = [];
    let isHeld = false;
    const slow = hold(4000, () => (isHeld = true)).then((text) => order.push(text.includes('let go') ? 'slow' : text));
    await eventually(() => isHeld);
    // PHP's own way waits: the lock is there.
    const queued = hold(0).then(() => order.push('queued'));
    const answer = await list(cookie);
    order.push('bridge');
    expect(answer.status).toBe(200);
    expect(watcher.questions).toBe(1);
    await Promise.all([slow, queued]);
    // Neither had ended when the bridge answered; the two end within a moment of each other.
    expect(order[0]).toBe('bridge');
    expect(order.toSorted()).toEqual(['bridge', 'queued', 'slow']);
  });

  it('asks once for fifty parallel requests, also right after a sign-in that renewed the id', async () => {
    const { before, cookie, answer } = await signIn();
    expect(answer.status).toBe(200);
    expect(cookie).not.toBe(before);
    watcher.questions = 0;
    const answers = await Promise.all(Array.from({ length: 50 }, () => list(cookie)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
    expect(watcher.questions).toBe(1);
    expect(await list(before)).toMatchObject({ status: 401 });
  });

  it('never mixes two sessions up', async () => {
    const [eve, bob] = [await signIn(), await signIn(BOB.email, BOB_PASSWORD)];
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, i) => list(i % 2 === 0 ? eve.cookie : bob.cookie)),
    );
    for (const [i, answer] of answers.entries())
      expect(answer.json()).toMatchObject({ user_id: i % 2 === 0 ? EVE.id : BOB.id });
    // The CSRF token of one does not prove the other.
    const crossed = await call(gateway.url, '/api/conversations.php', {
      method: 'POST',
      headers: { Cookie: bob.cookie, 'X-CSRF-Token': eve.csrf, 'Content-Type': 'application/json' },
      body: '{}',
    });
    expect(crossed).toMatchObject({ status: 403 });
  });

  it('drops a session with its logout', async () => {
    const session = await signIn();
    expect(await list(session.cookie)).toMatchObject({ status: 200 });
    expect(await logOut(session)).toMatchObject({ status: 200 });
    expect(await list(session.cookie)).toMatchObject({ status: 401 });
  });

  describeWith('redis', 'with a second gateway', (program) => {
    /** Signs in, uses the session at both, signs out at the one; milliseconds until the other knows. */
    const untilForgotten = async (here: string, there: string): Promise<number> => {
      const { cookie, csrf } = await signInForSession(here, EVE.email, EVE_PASSWORD);
      expect(await list(cookie, here)).toMatchObject({ status: 200 });
      const rememberedAt = performance.now();
      expect(await list(cookie, there)).toMatchObject({ status: 200 });
      const logOutHere = { method: 'POST', headers: { Cookie: cookie, 'X-CSRF-Token': csrf } };
      expect(await call(here, '/api/auth/logout.php', logOutHere)).toMatchObject({ status: 200 });
      await eventually(async () => (await list(cookie, there)).status === 401, 15_000);
      return performance.now() - rememberedAt;
    };

    it('drops a session there too', async () => {
      const redis = await startRedisServer(program);
      const start = () =>
        startTestGateway({ phpTargets: [watcher.origin], routes: unlimitedTable(), env: { REDIS_URL: redis.url } });
      const gateways = await Promise.all([start(), start()]);
      const [here, there] = gateways;
      try {
        // By itself it would remember the session for five seconds.
        await holdsOnce(async () => expect(await untilForgotten(here.url, there.url)).toBeLessThan(4000));
      } finally {
        await Promise.all(gateways.map((one) => one.stop()));
        await redis.stop();
      }
    });
  });

  it('drops a session whose logout overtakes a question about it', async () => {
    const session = await signIn();
    watcher.hold();
    const early = list(session.cookie);
    await eventually(() => watcher.heldCount === 1);
    expect(await logOut(session)).toMatchObject({ status: 200 });
    watcher.letGo();
    await early;
    watcher.questions = 0;
    expect(await list(session.cookie)).toMatchObject({ status: 401 });
    expect(watcher.questions).toBe(1);
  });

  it('drops the session from which somebody signs in anew', async () => {
    const first = await signIn();
    expect((await list(first.cookie)).json()).toMatchObject({ user_id: EVE.id });
    const again = await call(gateway.url, '/api/auth/login.php', {
      method: 'POST',
      headers: { Cookie: first.cookie, 'X-CSRF-Token': first.csrf, 'Content-Type': 'application/json' },
      body: JSON.stringify({ email: BOB.email, password: BOB_PASSWORD }),
    });
    expect(again.status).toBe(200);
    expect(await list(first.cookie)).toMatchObject({ status: 401 });
    expect((await list(cookieOf(again))).json()).toMatchObject({ user_id: BOB.id });
  });

  it('takes no id that a stranger has chosen', async () => {
    const chosen = `DONNASESSID=${'0123456789abcdef'.repeat(3)}`;
    const page = await call(gateway.url, '/login.php', { headers: { Cookie: chosen } });
    expect(cookieOf(page)).not.toBe('');
    expect(cookieOf(page)).not.toBe(chosen);
    expect(await list(chosen)).toMatchObject({ status: 401 });
  });

  it('does not know a session that was idle too long', async () => {
    const { cookie } = await signIn();
    const longAgo = Date.now() / 1000 - 9 * 3600;
    utimesSync(join(data, 'sessions', `sess_${cookie.split('=')[1] ?? ''}`), longAgo, longAgo);
    expect(await list(cookie)).toMatchObject({ status: 401 });
  });

  it.each([
    ['a well-formed id', `DONNASESSID=${'a'.repeat(48)}`],
    ['a path', 'DONNASESSID=../../../etc/passwd'],
    ['a path, coded', 'DONNASESSID=..%2F..%2Fusers.json'],
    ['quotes', 'DONNASESSID="x"'],
    ['bytes', 'DONNASESSID=\u00ff\u0080'],
    ['a list', 'DONNASESSID[]=x'],
    ['nothing', 'DONNASESSID='],
    ['another name', `donnasessid=${'a'.repeat(48)}`],
    ['too much', `DONNASESSID=${'a'.repeat(4000)}`],
  ])('finds nobody behind a forged cookie: %s', async (_title, cookie) => {
    const files = sessionFiles();
    const answer = await list(cookie);
    expect(answer.status).toBe(401);
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(sessionFiles()).toEqual(files);
  });

  it('knows a changed role within the seconds of its memory, and a disabled user', async () => {
    const { cookie } = await signIn();
    const stats = (): Promise<CallAnswer> =>
      call(gateway.url, '/api/system-stats.php', { headers: { Cookie: cookie } });
    expect(await stats()).toMatchObject({ status: 403 });
    writeUsers(data, [{ ...EVE, roles: ['user', 'admin'] }, BOB]);
    await eventually(async () => (await stats()).status === 200, 15_000);
    writeUsers(data, [{ ...EVE, roles: ['user', 'admin'], disabled: true }, BOB]);
    await eventually(async () => (await stats()).status === 401, 15_000);
  }, 40_000);

  it('tells a browser nothing of its session, nor of anybody', async () => {
    const { cookie } = await signIn();
    const forged: Record<string, string>[] = [{}, { 'X-Gateway-Identity': 'a.b.c' }, { X_Gateway_Identity: 'a.b.c' }];
    for (const headers of forged) {
      const answer = await call(gateway.url, QUESTION, { headers: { Cookie: cookie, ...headers } });
      expect(answer.status).toBe(403);
      expect(answer.text).not.toContain('csrf_token');
      expect(answer.text).not.toContain(EVE.id);
    }
  });

  it('refuses whoever comes to PHP past the gateway', async () => {
    const { cookie } = await signIn();
    for (const path of ['/api/health.php', '/api/conversations.php', QUESTION, '/', '/login.php']) {
      expect(await call(fpm.origin, path, { headers: { Cookie: cookie } })).toMatchObject({ status: 403 });
      expect(
        await call(fpm.origin, path, { headers: { Cookie: cookie, 'X-Gateway-Identity': 'a.b.c' } }),
      ).toMatchObject({ status: 403 });
    }
  });

  it('makes no session for a sign-in that asks for tokens', async () => {
    const files = sessionFiles();
    const answer = await call(gateway.url, '/api/auth/token', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ email: EVE.email, password: EVE_PASSWORD }),
    });
    expect(answer.status).toBe(200);
    expect(sessionFiles()).toEqual(files);
  });

  it('says 502 where PHP cannot be asked, and never 401', async () => {
    const { cookie } = await signIn();
    const other = await startPhpFpm(parts, {
      env: { DONNA_DATA_DIR: data, GATEWAY_IDENTITY_SECRET: 'another-identity-secret-0123456789abcdef' },
    });
    const before = await startTestGateway({ phpTargets: [other.origin], routes: unlimitedTable() });
    try {
      // PHP refuses the question: its secret is another one.
      expect(await list(cookie, before.url)).toMatchObject({ status: 502 });
      await other.stop();
      const gone = await list(cookie, before.url);
      expect([502, 503]).toContain(gone.status);
    } finally {
      await before.stop();
    }
  });
});
