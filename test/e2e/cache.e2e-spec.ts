import { Controller, Module, Req } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { IncomingMessage } from 'node:http';
import { purgeCache } from '../../src/cli/gateway/cache-command.js';
import { cacheCommand } from '../../src/cli/gateway/commands/cache.command.js';
import { EnvelopeFields } from '../../src/contract/index.js';
import { NativeHandler } from '../../src/routing/index.js';
import { exchangeOf } from '../../src/trace/index.js';
import {
  type CacheSite,
  type CountingUpstream,
  startCachingGateway,
  startCountingUpstream,
  statusOf,
  tokenOf,
} from '../support/cache-site.js';
import { eventually } from '../support/eventually.js';
import { call, type CallAnswer } from '../support/http-call.js';
import {
  EVE,
  EVE_PASSWORD,
  type LegacyPhp,
  type SignedIn,
  signInForSession,
  startLegacyPhp,
  unlimitedTable,
} from '../support/legacy-php.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const JSON_TYPE = { 'Content-Type': 'application/json' };
const isHit = (answer: CallAnswer): boolean => statusOf(answer).startsWith('donna-gateway; hit');

describe('Donna’s reads', () => {
  let php: LegacyPhp;
  let gateway: TestGateway;
  let session: SignedIn;
  beforeAll(async () => {
    php = await startLegacyPhp();
    php.setUsers(EVE);
    gateway = await startTestGateway({
      phpTargets: [php.origin],
      routes: unlimitedTable(),
      env: { ENABLE_RESPONSE_CACHE: 'true' },
    });
    session = await signInForSession(gateway.url, EVE.email, EVE_PASSWORD);
  });
  afterAll(async () => {
    await gateway.stop(0);
    await php.stop();
  });

  const as = (subject: string, path: string, method = 'GET', body?: object): Promise<CallAnswer> =>
    call(gateway.url, path, {
      method,
      headers: { Authorization: `Bearer ${tokenOf(subject)}`, ...(body === undefined ? {} : JSON_TYPE) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const inSession = (path: string): Promise<CallAnswer> =>
    call(gateway.url, path, { headers: { Cookie: session.cookie } });

  it.each([
    '/api/conversations.php',
    '/api/chatbot_settings.php',
    '/api/marketing.php',
    '/api/marketing.php?action=inbox&limit=3',
    '/api/marketing.php?action=read_inbox',
    '/api/marketing.php?action=classify',
    '/api/marketing.php?action=stats',
    '/api/sales/overview.php',
    '/api/secretary/dashboard.php',
    '/api/secretary/dashboard.php?action=get_tasks',
  ])('are kept for each caller by himself: %s', async (path) => {
    const [first, second, other] = [await as('ann', path), await as('ann', path), await as('ben', path)];
    expect([first, second, other].map(({ status }) => status)).toEqual([200, 200, 200]);
    expect([isHit(first), isHit(second), isHit(other)]).toEqual([false, true, false]);
    expect(second.json()).toEqual({ ...(first.json() as object), traceId: second.headers['x-trace-id'] });
    // The browser is told what PHP says.
    expect(second.headers['cache-control']).toBe('no-store');
    const inBrowser = [await inSession(path), await inSession(path)];
    expect(inBrowser.map(isHit)).toEqual([false, true]);
  });

  it('of its health are the same for all', async () => {
    await eventually(async () => {
      const [one, two] = [await call(gateway.url, '/api/health.php'), await inSession('/api/health.php')];
      return isHit(two) && (one.json() as { time: number }).time === (two.json() as { time: number }).time;
    });
  });

  it.each<readonly [string, string, string, object]>([
    ['conversations', '/api/conversations.php', 'POST /api/conversations.php', { title: 'New' }],
    ['a turn of talk', '/api/conversations.php', 'POST /api/donna_logic.php', { message: 'you fucking idiot' }],
    ['settings', '/api/chatbot_settings.php', 'POST /api/chatbot_settings.php', { greeting: 'Hello you' }],
    ['settings again', '/api/chatbot_settings.php', 'DELETE /api/chatbot_settings.php', {}],
    [
      'a contact',
      '/api/sales/overview.php',
      'POST /api/sales/overview.php',
      { action: 'add_contact', name: 'New One', email: 'new@donna.example' },
    ],
    [
      'a task',
      '/api/secretary/dashboard.php?action=get_tasks',
      'POST /api/secretary/dashboard.php',
      { action: 'add_task', title: 'Call them' },
    ],
  ])('show what was written before: %s', async (_what, path, write, body) => {
    const [method = '', to = ''] = write.split(' ');
    await as('eve', path);
    const before = await as('eve', path);
    expect(isHit(before)).toBe(true);
    const done = await as('eve', to, method, body);
    expect([200, 201]).toContain(done.status);
    const after = await as('eve', path);
    expect(isHit(after)).toBe(false);
    expect(after.json()).not.toEqual({ ...(before.json() as object), traceId: after.headers['x-trace-id'] });
  });

  it('in a session show what the same user wrote with a token, and the other way round', async () => {
    const path = '/api/conversations.php';
    await inSession(path);
    expect(isHit(await inSession(path))).toBe(true);
    await as(EVE.id, path, 'POST', { title: 'By token' });
    expect((await inSession(path)).text).toContain('By token');
    await as(EVE.id, path);
    await call(gateway.url, path, {
      method: 'POST',
      headers: { ...JSON_TYPE, Cookie: session.cookie, 'X-CSRF-Token': session.csrf },
      body: JSON.stringify({ title: 'By session' }),
    });
    expect((await as(EVE.id, path)).text).toContain('By session');
  });

  it('are thrown away by an administrator, by nobody else, and never by a slip', async () => {
    const [sales, tasks] = ['/api/sales/overview.php', '/api/secretary/dashboard.php'];
    const fill = async (): Promise<void> => {
      for (const path of [sales, tasks]) await as('ida', path);
    };
    const held = async (): Promise<boolean[]> => [isHit(await as('ida', sales)), isHit(await as('ida', tasks))];
    const purge = (query: string, roles = ['admin']): Promise<CallAnswer> =>
      call(gateway.url, `/admin/api/cache${query}`, {
        method: 'DELETE',
        headers: { Authorization: `Bearer ${tokenOf('boss', roles)}` },
      });
    await fill();
    expect((await purge('', ['user'])).status).toBe(403);
    for (const slip of ['?rout=sales.overview', '?route=sales.overview&tag=sales', '?tag=', '?route=sales'])
      expect((await purge(slip)).status).toBe(422);
    expect((await purge('?route=none')).status).toBe(404);
    expect(await held()).toEqual([true, true]);
    expect((await purge('?route=sales.overview')).json()).toMatchObject({
      data: { purged: 'route', route: 'sales.overview' },
    });
    expect(await held()).toEqual([false, true]);
    await fill();
    await purge('?tag=secretary');
    expect(await held()).toEqual([true, false]);
    await fill();
    const options = cacheCommand.read(['purge', '--json']);
    if (options.kind !== 'run') throw new Error('the command line is not understood');
    const access = {
      base: gateway.url,
      adminToken: () => tokenOf('boss', ['admin']),
      readToken: () => '',
      mint: () => '',
    };
    expect(await purgeCache(options.options, access)).toBe(0);
    expect(await held()).toEqual([false, false]);
    for (const slip of [[], ['purge', 'all'], ['purge', '--route', 'a', '--tag', 'b']])
      expect(cacheCommand.read(slip).kind).toBe('fault');
  });
});

/** What both the application and the native handler keep: a number for each caller, and who answers it. */
const state = new Map<string, number>();

@Controller()
class NonceController {
  @NativeHandler('test.nonce')
  answer(@Req() req: IncomingMessage): EnvelopeFields {
    const exchange = exchangeOf(req);
    const owner = exchange?.identity?.subject ?? 'nobody';
    if (exchange?.method === 'POST') state.set(owner, (state.get(owner) ?? 0) + 1);
    return new EnvelopeFields({ owner, value: state.get(owner) ?? 0, by: 'native' });
  }

  @NativeHandler('test.fails')
  answerOrFail(): EnvelopeFields {
    if (state.get('fails') === 1) throw new Error('the database of the handler');
    return new EnvelopeFields({ by: 'native' });
  }
}

@Module({ controllers: [NonceController] })
class NonceModule {}

describe('a route between PHP and Node', () => {
  const table = (stage: string, ttl = 60): string => `
upstreams:
  php: { targets: ['\${REMOTE_PHP_BASE}'], identity: true }
policies:
  authorization: { user: { anyOf: [jwt] }, admin: { anyOf: [jwt], roles: [admin] } }
routes:
  read: { match: { path: /api/nonce.php, methods: [GET] }, upstream: php, handler: test.nonce, ${stage}, policies: { authorization: user, cache: { ttlS: ${ttl}, vary: identity, tags: ['nonce:{subject}'], staleIfErrorS: 60 } } }
  write: { match: { path: /api/write.php, methods: [POST] }, upstream: php, handler: test.nonce, stage: canary, weight: 50, policies: { authorization: user, invalidates: ['nonce:{subject}'] } }
  fails: { match: { path: /api/fails.php, methods: [GET] }, upstream: php, handler: test.fails, stage: replaced, policies: { authorization: user, cache: { ttlS: 1, vary: identity, staleIfErrorS: 600 } } }
  admin.stages: { match: { path: /admin/api/stages, methods: [GET] }, handler: admin.stages, policies: { authorization: admin } }
  admin.recording: { match: { path: /admin/api/recording, methods: [DELETE] }, handler: admin.recording.stop, policies: { authorization: admin } }
  admin.recording.start: { match: { path: /admin/api/recording, methods: [POST] }, handler: admin.recording.start, policies: { authorization: admin, input: admin.recording.start } }
`;
  let upstream: CountingUpstream;
  let site: CacheSite;
  beforeAll(async () => {
    upstream = await startCountingUpstream((req, res) => {
      const assertion = String(req.headers['x-gateway-identity']).split('.')[1] ?? '';
      const { sub } = JSON.parse(Buffer.from(assertion, 'base64url').toString()) as { sub: string };
      if (req.method === 'POST') state.set(sub, (state.get(sub) ?? 0) + 1);
      const body = JSON.stringify({ owner: sub, value: state.get(sub) ?? 0, by: 'php' });
      // What it answers is settled before it goes out.
      setTimeout(() => res.writeHead(200, JSON_TYPE).end(body), Math.random() * 4);
    });
    site = await startCachingGateway(upstream, table('stage: canary, weight: 50'), { features: [NonceModule] });
  });
  afterAll(async () => {
    await site.gateway.stop(0);
    await upstream.stop();
  });
  beforeEach(() => {
    upstream.seen.length = 0;
  });

  const read = (subject: string, headers: Record<string, string> = {}, method = 'GET'): Promise<CallAnswer> =>
    site.askAs(subject, '/api/nonce.php', { headers, method });
  const write = (subject: string): Promise<CallAnswer> =>
    site.askAs(subject, '/api/write.php', { method: 'POST', headers: JSON_TYPE, body: '{}' });
  const by = (answer: CallAnswer): unknown => (answer.json() as { by?: unknown }).by;
  /** Has another table in effect: each has a life of its own, by which it is known. */
  let ttlS = 60;
  const use = async (stage: string): Promise<void> => {
    ttlS += 100;
    site.gateway.writeRoutes(table(stage, ttlS));
    let i = 0;
    await eventually(async () => {
      i += 1;
      const probe = `probe ${ttlS} ${i}`;
      const [first, second] = [await read(probe), await read(probe)];
      return stage.includes('mirror')
        ? statusOf(first).endsWith('bypass')
        : RegExp(`ttl=${ttlS}$`).test(statusOf(second));
    });
  };

  it('shows nobody another’s, and nothing from before an acknowledged write', async () => {
    const subjects = ['p-ann', 'p-bob', 'p-cid', 'p-dee'];
    const step = fc.record({
      who: fc.constantFrom(...subjects),
      what: fc.constantFrom('read', 'read', 'read', 'write', 'forced', 'conditional'),
    });
    const etags = new Map<string, string>();
    let [reads, hits] = [0, 0];
    const perform = async ({ who, what }: { who: string; what: string }): Promise<void> => {
      if (what === 'write') {
        expect((await write(who)).status).toBe(200);
        return;
      }
      // Whatever was acknowledged by now is in the state: it changes before the answer.
      const least = acknowledged.get(who) ?? 0;
      const headers: Record<string, string> =
        what === 'forced'
          ? { 'Cache-Control': 'no-cache' }
          : what === 'conditional'
            ? { 'If-None-Match': etags.get(who) ?? '"none"' }
            : {};
      const answer = await read(who, headers);
      reads += 1;
      if (isHit(answer)) hits += 1;
      if (answer.status === 304) return;
      const { owner, value } = answer.json() as { owner: string; value: number };
      expect(owner).toBe(who);
      expect(value).toBeGreaterThanOrEqual(least);
      etags.set(who, answer.headers.etag ?? '');
    };
    const acknowledged = new Map<string, number>();
    const batches = fc.array(fc.array(step, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(batches, async (rounds) => {
        for (const round of rounds) {
          await Promise.all(
            round.map(async (one) => {
              await perform(one);
              if (one.what === 'write') acknowledged.set(one.who, (acknowledged.get(one.who) ?? 0) + 1);
            }),
          );
          // Between rounds all are acknowledged: the next reads must see every write.
          for (const subject of subjects) acknowledged.set(subject, state.get(subject) ?? 0);
        }
      }),
      { numRuns: 25 },
    );
    expect(reads).toBeGreaterThan(100);
    expect(hits).toBeGreaterThan(20);
  });

  it('keeps both arms apart, and counts no hit for either', async () => {
    const counts = async (): Promise<{ control: number; candidate: number }> => {
      const answer = await site.ask('/admin/api/stages', {
        headers: { Authorization: `Bearer ${tokenOf('boss', ['admin'])}` },
      });
      const { data } = answer.json() as { data: { route: string; canary: { control: number; candidate: number } }[] };
      return data.find(({ route }) => route === 'read')?.canary ?? { control: -1, candidate: -1 };
    };
    const before = await counts();
    const subjects = Array.from({ length: 20 }, (_, i) => `arm-${i}`);
    const first = await Promise.all(subjects.map((subject) => read(subject)));
    const second = await Promise.all(subjects.map((subject) => read(subject)));
    expect(second.every(isHit)).toBe(true);
    expect(second.map(by)).toEqual(first.map(by));
    expect(new Set(first.map(by))).toEqual(new Set(['php', 'native']));
    const after = await counts();
    expect(after.control + after.candidate - before.control - before.candidate).toBe(20);
  });

  it('gives an administrator who chooses the arm that arm, and keeps nothing of it', async () => {
    const headers = { Authorization: `Bearer ${tokenOf('chooser', ['admin'])}` };
    const ask = (arm?: string): Promise<CallAnswer> =>
      site.ask('/api/nonce.php', { headers: { ...headers, ...(arm === undefined ? {} : { 'X-Donna-Arm': arm }) } });
    const own = by(await ask());
    expect([by(await ask('php')), by(await ask('native')), by(await ask('php'))]).toEqual(['php', 'native', 'php']);
    const again = await ask();
    expect([by(again), isHit(again)]).toEqual([own, true]);
  });

  it('is asked anew by who answers after its stage has changed', async () => {
    await use('stage: proxy');
    await read('stager');
    expect([by(await read('stager')), isHit(await read('stager'))]).toEqual(['php', true]);
    await use('stage: replaced');
    const first = await read('stager');
    expect([by(first), isHit(first)]).toEqual(['native', false]);
    const [miss, hit] = [
      await read('stager-two', { 'X-Trace-Id': 'same-trace' }),
      await read('stager-two', { 'X-Trace-Id': 'same-trace' }),
    ];
    expect([isHit(hit), hit.text]).toEqual([true, miss.text]);
    expect(hit.headers['content-type']).toBe(miss.headers['content-type']);
    await use('stage: proxy');
    const back = await read('stager');
    expect([by(back), isHit(back)]).toEqual(['php', false]);
  });

  it('has a handler’s last good answer in the stead of its failure, which the log still tells', async () => {
    const lines: unknown[] = [];
    const { logger } = site.gateway;
    const info = logger.info.bind(logger) as (...args: unknown[]) => void;
    Object.assign(logger, { info: (...args: unknown[]) => (lines.push(args[0]), info(...args)) });
    state.set('fails', 0);
    const ask = (): Promise<CallAnswer> => site.askAs('failing', '/api/fails.php');
    expect(by(await ask())).toBe('native');
    state.set('fails', 1);
    let answer: CallAnswer | undefined;
    await eventually(async () => /stale-if-error/.test(statusOf((answer = await ask()))));
    expect([answer?.status, answer === undefined ? '' : by(answer)]).toEqual([200, 'native']);
    await eventually(() => lines.some((line) => (line as { cache?: string }).cache === 'error'));
    expect(lines.find((line) => (line as { cache?: string }).cache === 'error')).toMatchObject({
      status: 200,
      servedBy: 'cache',
      candidateFault: 'INTERNAL',
    });
    Object.assign(logger, { info });
  });

  it('is really asked where a mirror compares, or a recording goes on', async () => {
    await use('stage: mirror, experiment: { sample: 1 }');
    const answers = [await read('mirrored'), await read('mirrored')];
    expect(answers.map(statusOf)).toEqual(['donna-gateway; fwd=bypass', 'donna-gateway; fwd=bypass']);
    await use('stage: proxy');
    await read('recorded');
    expect(isHit(await read('recorded'))).toBe(true);
    const admin = { Authorization: `Bearer ${tokenOf('boss', ['admin'])}` };
    const begun = await site.ask('/admin/api/recording', {
      method: 'POST',
      headers: { ...admin, ...JSON_TYPE },
      body: JSON.stringify({ routes: ['read'] }),
    });
    expect(begun.status).toBeLessThan(300);
    expect(statusOf(await read('recorded'))).toBe('donna-gateway; fwd=bypass');
    await site.ask('/admin/api/recording', { method: 'DELETE', headers: admin });
    expect(isHit(await read('recorded'))).toBe(true);
  });
});
