import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Agent } from 'node:http';
import { eventually } from '../support/eventually.js';
import { call } from '../support/http-call.js';
import { hear } from '../support/raw-client.js';
import type { RawUpstream } from '../support/raw-upstream.js';
import { admin, bearer, stagedTable, startPhp, startStaged, whoAnswers } from '../support/staged-site.js';
import type { TestGateway } from '../support/test-gateway.js';

// The embedded database takes seconds to start.
jest.setTimeout(180_000);

const canary = (weight: number): string => stagedTable(`stage: canary, weight: ${weight}`);
const WHY = 'for a test';

let php: RawUpstream;
beforeAll(async () => {
  php = await startPhp();
});
afterAll(() => php.stop());

const gateways: TestGateway[] = [];
afterEach(async () => {
  jest.restoreAllMocks();
  for (const gateway of gateways.splice(0)) await gateway.stop();
});

async function start(weight: number): Promise<TestGateway> {
  const gateway = await startStaged(php, { routes: canary(weight) });
  gateways.push(gateway);
  return gateway;
}

/** Subjects whom the native handler answers. */
async function chosen(gateway: TestGateway, subjects: readonly string[]): Promise<Set<string>> {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  try {
    const found = await Promise.all(
      subjects.map(async (subject) => {
        const { status, body } = await hear(gateway.port, '/api/list.php', { agent, headers: bearer(subject) });
        expect([200, 201]).toContain(status);
        return body.includes('"from":"native"') ? [subject] : [];
      }),
    );
    return new Set(found.flat());
  } finally {
    agent.destroy();
  }
}

const callersOf = (count: number): string[] => Array.from({ length: count }, (_, i) => `caller-${i}`);

describe('a canary', () => {
  it('is met by as many callers as its weight says, the same ones in every instance', async () => {
    const [one, two] = [await start(10), await start(10)];
    const subjects = callersOf(1000);
    const first = await chosen(one, subjects);
    // 100 expected; five standard deviations are 47.
    expect(first.size).toBeGreaterThan(53);
    expect(first.size).toBeLessThan(147);
    const some = subjects.slice(0, 250);
    expect(await chosen(two, some)).toEqual(new Set(some.filter((subject) => first.has(subject))));
  });

  it('moves only the difference when its weight changes', async () => {
    const subjects = callersOf(200);
    const ten = await chosen(await start(10), subjects);
    const thirty = await chosen(await start(30), subjects);
    expect([...ten].filter((subject) => !thirty.has(subject))).toEqual([]);
    expect(thirty.size).toBeGreaterThan(ten.size);
  });

  it('shows one world to one nobody: by PHP session, else by address', async () => {
    const gateway = await start(50);
    const ask = async (cookie?: string): Promise<string> =>
      (await call(gateway.url, '/api/open.php', { headers: cookie === undefined ? {} : { Cookie: cookie } })).text;
    const worlds = new Set<boolean>();
    for (let i = 0; i < 20; i++) {
      const answers = await Promise.all([1, 2, 3].map(() => ask(`SESS=visitor-${i}`)));
      expect(new Set(answers.map((text) => text.includes('native'))).size).toBe(1);
      worlds.add(answers[0]?.includes('native') ?? false);
    }
    expect(worlds.size).toBe(2);
    const nobody = await Promise.all([1, 2, 3, 4].map(() => ask()));
    expect(new Set(nobody.map((text) => text.includes('native'))).size).toBe(1);
  });

  it('passes the same policies on either arm, and tells the log who answered', async () => {
    for (const [weight, from, arm, servedBy] of [
      [100, 'native', 'candidate', 'native'],
      [0, 'php', 'control', 'upstream'],
    ] as const) {
      const gateway = await start(weight);
      const info = jest.spyOn(gateway.logger, 'info');
      expect((await call(gateway.url, '/api/list.php')).status).toBe(401);
      expect(await whoAnswers(gateway, 'eve')).toBe(from);
      await eventually(() => info.mock.calls.length >= 2);
      expect(info.mock.calls.map(([line]) => line)).toContainEqual(
        expect.objectContaining({ route: 'list', stage: 'canary', arm, servedBy }),
      );
    }
  });

  it('is a matter of one action where PHP tells its work by action', async () => {
    const gateway = await start(100);
    expect(await whoAnswers(gateway, 'eve', '/api/actions.php?action=one')).toBe('native');
    expect(await whoAnswers(gateway, 'eve', '/api/actions.php?action=two')).toBe('php');
    const post = await call(gateway.url, '/api/actions.php', {
      method: 'POST',
      headers: { ...bearer('eve'), 'Content-Type': 'application/x-www-form-urlencoded' },
      body: 'action=one',
    });
    expect(post.json()).toMatchObject({ from: 'native' });
  });
});

describe('a native handler that fails before it has answered', () => {
  it.each([
    ['GET', 'error', 'INTERNAL'],
    ['GET', 'unavailable', 'UPSTREAM_UNAVAILABLE'],
    ['HEAD', 'error', 'INTERNAL'],
  ])('gives way to PHP: %s, %s', async (method, fault, code) => {
    const gateway = await start(100);
    const info = jest.spyOn(gateway.logger, 'info');
    const before = php.requests.length;
    const answer = await call(gateway.url, `/api/list.php?fault=${fault}&x=%2F`, { method, headers: bearer('eve') });
    expect(answer.status).toBe(200);
    if (method === 'GET') expect(answer.json()).toMatchObject({ success: true, from: 'php' });
    // Once each, and nothing of what the handler had begun.
    expect(answer.all('set-cookie')).toEqual(['from=php']);
    expect(answer.headers['x-candidate']).toBeUndefined();
    const names = answer.rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
    expect(names.filter((name, i) => name !== 'set-cookie' && names.indexOf(name) !== i)).toEqual([]);
    expect(answer.all('x-trace-id')).toHaveLength(1);
    expect(answer.all('ratelimit')).toHaveLength(1);
    expect(php.requests.slice(before)).toHaveLength(1);
    expect(php.requests.at(-1)).toContain(`${method} /api/list.php?fault=${fault}&x=%2F HTTP/1.1`);
    await eventually(() => info.mock.calls.length > 0);
    expect(info.mock.calls.map(([line]) => line)).toContainEqual(
      expect.objectContaining({
        route: 'list',
        arm: 'candidate',
        candidateFault: code,
        servedBy: 'upstream',
        status: 200,
      }),
    );
    const staged = (await admin(gateway, 'GET', '/list')).json();
    expect(staged).toMatchObject({ data: { canary: { control: 0, candidate: 1, fallbacks: 1 } } });
  });

  it('counts the request once against its limits', async () => {
    const gateway = await start(100);
    const left = async (query: string): Promise<number> => {
      const { headers } = await call(gateway.url, `/api/list.php${query}`, { headers: bearer('counted') });
      return Number(/r=(\d+)/.exec(String(headers['ratelimit']))?.[1]);
    };
    const first = await left('');
    expect(await left('?fault=error')).toBe(first - 1);
    expect(await left('')).toBe(first - 2);
  });

  it('is asked for a 404 in vain by nobody else: what a handler says is its answer', async () => {
    const gateway = await start(100);
    const before = php.requests.length;
    const answer = await call(gateway.url, '/api/list.php?fault=not-found', { headers: bearer('eve') });
    expect(answer.status).toBe(404);
    expect(answer.json()).toMatchObject({ errorCode: 'NOT_FOUND' });
    expect(php.requests).toHaveLength(before);
  });

  it('does not give a write to PHP', async () => {
    const gateway = await start(100);
    const before = php.requests.length;
    const answer = await call(gateway.url, '/api/list.php?fault=error', {
      method: 'POST',
      headers: { ...bearer('eve'), 'Content-Type': 'application/json' },
      body: '{"title":"x"}',
    });
    expect(answer.status).toBe(500);
    expect(answer.json()).toMatchObject({ success: false, errorCode: 'INTERNAL' });
    expect(php.requests).toHaveLength(before);
  });

  it('does not give an answer that has begun to PHP', async () => {
    const gateway = await start(100);
    const before = php.requests.length;
    const heard = await hear(gateway.port, '/api/list.php?fault=late', { headers: bearer('eve') });
    expect(heard.isComplete).toBe(false);
    expect(heard.body).not.toContain('php');
    expect(php.requests).toHaveLength(before);
  });

  it('fails for good where the route is replaced', async () => {
    const gateway = await startStaged(php, { routes: stagedTable('stage: replaced') });
    gateways.push(gateway);
    const answer = await call(gateway.url, '/api/list.php?fault=error', { headers: bearer('eve') });
    expect(answer.status).toBe(500);
  });
});

describe('a roll-back under load', () => {
  it('loses no request, and none is answered natively afterwards', async () => {
    const gateway = await start(0);
    // The embedded database starts here, in this process: its seconds are not those of the load.
    expect((await admin(gateway, 'PUT', '/list', { stage: 'canary', weight: 100, reason: WHY })).status).toBe(200);
    const agent = new Agent({ keepAlive: true, maxSockets: 20 });
    const answers: { readonly status: number; readonly isNative: boolean; readonly begunAt: number }[] = [];
    const load = { isOver: false };
    const worker = async (id: number): Promise<void> => {
      for (let i = 0; !load.isOver; i++) {
        const begunAt = performance.now();
        const { status, body, isComplete } = await hear(gateway.port, '/api/list.php', {
          agent,
          headers: bearer(`caller-${id}-${i}`),
        });
        answers.push({ status: isComplete ? status : 0, isNative: body.includes('"from":"native"'), begunAt });
      }
    };
    const workers = Array.from({ length: 20 }, (_, id) => worker(id));
    await eventually(() => answers.length > 100);
    for (const weight of [50, 10, 90]) {
      const set = await admin(gateway, 'PUT', '/list', { stage: 'canary', weight, reason: WHY });
      expect(set.status).toBe(200);
    }
    expect((await admin(gateway, 'PUT', '/list', { stage: 'proxy', reason: 'roll back' })).status).toBe(200);
    const rolledBackAt = performance.now();
    const count = answers.length;
    await eventually(() => answers.length > count + 200);
    load.isOver = true;
    await Promise.all(workers);
    agent.destroy();
    expect(answers.filter(({ status }) => status !== 200 && status !== 201)).toEqual([]);
    expect(answers.some(({ isNative }) => isNative)).toBe(true);
    expect(answers.filter(({ begunAt, isNative }) => begunAt > rolledBackAt && isNative)).toEqual([]);
  });
});
