import { afterEach, describe, expect, it } from '@jest/globals';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import { hear, type HeardAnswer } from '../support/raw-client.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const table = (upstream: string): string => `
upstreams:
  php: { targets: ['\${REMOTE_PHP_BASE}'], ${upstream} }
policies:
  authorization: { public: {}, user: { anyOf: [php-session] } }
defaults: { authorization: public, timeoutMs: 500 }
routes:
  json: { match: { path: '/json/{*path}' }, upstream: php, policies: { envelope: splice } }
  stream: { match: { path: '/stream/{*path}' }, upstream: php, policies: { envelope: 'off' } }
  private: { match: { path: /private }, upstream: php, policies: { authorization: user } }
`;
const QUIET_PROBE = 'health: { path: /health, intervalMs: 60000 }';
const ROUTES = ['json', 'stream'] as const;

const running: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const part of running.splice(0).toReversed()) await part.stop();
});

type Say = (socket: Socket, request: string) => void;

/** An upstream whose health is asked apart from what it says to callers. */
async function upstreamThat(say: Say, health: Say = ok('health'), port = 0): Promise<RawUpstream> {
  const made = await startRawUpstream((socket, request) => {
    if (!request.startsWith('GET /health ')) say(socket, request);
    else health(socket, request);
  }, port);
  running.push(made);
  return made;
}

async function gatewayTo(upstream: string, phpTargets: readonly string[]): Promise<TestGateway> {
  const made = await startTestGateway({ routes: table(upstream), phpTargets });
  running.push({ stop: () => made.stop(0) });
  return made;
}

function ok(name: string): Say {
  return (socket) => socket.write(httpAnswer(200, { 'Content-Type': 'application/json' }, `{"by":"${name}"}`));
}

/** Requests of callers, without the probes. */
function called({ requests }: RawUpstream): readonly string[] {
  return requests.filter((head) => !head.startsWith('GET /health '));
}

async function deadOrigin(): Promise<string> {
  const upstream = await startRawUpstream(() => undefined);
  await upstream.stop();
  return upstream.origin;
}

const statuses = (answers: readonly HeardAnswer[]): readonly number[] => answers.map(({ status }) => status);

describe.each(ROUTES)('the breaker before /%s', (route) => {
  it('opens after enough failures, spares the upstream, and closes when a trial succeeds', async () => {
    let isIll = true;
    const upstream = await upstreamThat((socket, request) =>
      isIll ? socket.resetAndDestroy() : ok('php')(socket, request),
    );
    const gateway = await gatewayTo(`${QUIET_PROBE}, breaker: { openMs: 1000 }`, [upstream.origin]);
    const before = [];
    for (let i = 0; i < 5; i++) before.push(await hear(gateway.port, `/${route}/x`, { method: 'POST', body: 'x' }));
    expect(statuses(before)).toEqual([502, 502, 502, 502, 502]);
    upstream.requests.length = 0;
    for (const method of ['GET', 'POST']) {
      const refused = await hear(gateway.port, `/${route}/x`, { method });
      expect(refused.status).toBe(503);
      expect(refused.headers['retry-after']).toBe('1');
      expect(JSON.parse(refused.body)).toMatchObject({ success: false, errorCode: 'UPSTREAM_UNAVAILABLE' });
      expect(refused.ms).toBeLessThan(1000);
    }
    expect(called(upstream)).toHaveLength(0);
    await sleep(1050);
    // Half open, still ill: one call gets through, then it is shut again.
    expect(
      statuses([await hear(gateway.port, `/${route}/x`, { method: 'POST' }), await hear(gateway.port, `/${route}/x`)]),
    ).toEqual([502, 503]);
    expect(called(upstream)).toHaveLength(1);
    isIll = false;
    await sleep(1050);
    // All at once: one is the trial, the others wait for it and pass.
    const after = await Promise.all(
      Array.from({ length: 10 }, () => hear(gateway.port, `/${route}/x`, { method: 'POST' })),
    );
    expect(statuses(after)).toEqual(Array.from({ length: 10 }, () => 200));
  });

  it('does not let callers wait for a trial that takes long', async () => {
    let say: Say = (socket) => socket.resetAndDestroy();
    const upstream = await upstreamThat((socket, request) => say(socket, request));
    const gateway = await startTestGateway({
      routes: table(`${QUIET_PROBE}, breaker: { openMs: 100 }`).replace('timeoutMs: 500', 'timeoutMs: 8000'),
      phpTargets: [upstream.origin],
    });
    running.push({ stop: () => gateway.stop(0) });
    for (let i = 0; i < 5; i++) await hear(gateway.port, `/${route}/x`, { method: 'POST' });
    await sleep(110);
    say = (socket, request) => setTimeout(() => ok('php')(socket, request), 4000);
    const trial = hear(gateway.port, `/${route}/trial`);
    await eventually(() => called(upstream).some((head) => head.includes('/trial')));
    const other = await hear(gateway.port, `/${route}/other`);
    expect(other.status).toBe(503);
    expect(other.ms).toBeLessThan(3000);
    await expect(trial).resolves.toMatchObject({ status: 200 });
  });

  it('closes at once when the health probe finds the upstream well, and forgets the failures', async () => {
    let isIll = true;
    const answer: Say = (socket, request) => (isIll ? socket.resetAndDestroy() : ok('php')(socket, request));
    const upstream = await upstreamThat(answer, answer);
    const gateway = await gatewayTo('health: { path: /health, intervalMs: 60000 }, breaker: { openMs: 60000 }', [
      upstream.origin,
    ]);
    for (let i = 0; i < 5; i++) await hear(gateway.port, `/${route}/x`, { method: 'POST' });
    await expect(hear(gateway.port, `/${route}/x`)).resolves.toMatchObject({ status: 503 });
    isIll = false;
    await sleep(300);
    await expect(hear(gateway.port, `/${route}/x`, { method: 'POST' })).resolves.toMatchObject({ status: 200 });
    isIll = true;
    await hear(gateway.port, `/${route}/x`, { method: 'POST' });
    isIll = false;
    await expect(hear(gateway.port, `/${route}/x`, { method: 'POST' })).resolves.toMatchObject({ status: 200 });
  });

  it('does not blame the upstream for one slow endpoint', async () => {
    const upstream = await upstreamThat((socket, request) =>
      request.includes('/slow') ? undefined : ok('php')(socket, request),
    );
    const gateway = await gatewayTo(`${QUIET_PROBE}, breaker: { threshold: 0.1, openMs: 60000 }`, [upstream.origin]);
    const slow = await Promise.all(Array.from({ length: 12 }, () => hear(gateway.port, `/${route}/slow`)));
    expect(new Set(statuses(slow))).toEqual(new Set([504]));
    await expect(hear(gateway.port, `/${route}/x`)).resolves.toMatchObject({ status: 200 });
  });

  it('takes a threshold of 1 to mean that every call must fail', async () => {
    const upstream = await upstreamThat((socket, request) =>
      request.includes('/good') ? ok('php')(socket, request) : socket.resetAndDestroy(),
    );
    const gateway = await gatewayTo(`${QUIET_PROBE}, breaker: { threshold: 1, openMs: 60000 }`, [upstream.origin]);
    await hear(gateway.port, `/${route}/good`);
    for (let i = 0; i < 8; i++) await hear(gateway.port, `/${route}/x`, { method: 'POST' });
    await expect(hear(gateway.port, `/${route}/good`)).resolves.toMatchObject({ status: 200 });
  });
});

describe.each(ROUTES)('two targets behind /%s', (route) => {
  it('take turns', async () => {
    const [a, b] = [await upstreamThat(ok('a')), await upstreamThat(ok('b'))];
    const gateway = await gatewayTo(QUIET_PROBE, [a.origin, b.origin]);
    for (let i = 0; i < 10; i++) await hear(gateway.port, `/${route}/x`);
    expect([called(a).length, called(b).length]).toEqual([5, 5]);
  });

  it('answer every GET while one of them is dead', async () => {
    const living = await upstreamThat(ok('living'));
    const gateway = await gatewayTo('connectTimeoutMs: 100', [await deadOrigin(), living.origin]);
    const answers = await Promise.all(Array.from({ length: 30 }, () => hear(gateway.port, `/${route}/x`)));
    expect(new Set(statuses(answers))).toEqual(new Set([200]));
    expect(called(living)).toHaveLength(30);
  });

  it('answer every GET while one of them breaks every connection', async () => {
    const [ill, living] = [await upstreamThat((socket) => socket.resetAndDestroy()), await upstreamThat(ok('living'))];
    const gateway = await gatewayTo(`${QUIET_PROBE}, breaker: { openMs: 60000 }`, [ill.origin, living.origin]);
    const answers = [];
    for (let i = 0; i < 30; i++) answers.push(await hear(gateway.port, `/${route}/x`));
    expect(new Set(statuses(answers))).toEqual(new Set([200]));
    // The breaker learnt of it: no more than it takes to be sure.
    expect(called(ill).length).toBeLessThanOrEqual(6);
  });

  it('get each POST once: from the living one, as soon as the probe knows the dead one', async () => {
    const living = await upstreamThat(ok('living'));
    const gateway = await gatewayTo('connectTimeoutMs: 100', [await deadOrigin(), living.origin]);
    await sleep(100);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => hear(gateway.port, `/${route}/${i}`, { method: 'POST', body: 'x' })),
    );
    expect(new Set(statuses(answers))).toEqual(new Set([200]));
    expect(called(living)).toHaveLength(20);
  });

  it('get each POST once: from the living one, as soon as the breaker of the other opens', async () => {
    const [ill, living] = [await upstreamThat((socket) => socket.resetAndDestroy()), await upstreamThat(ok('living'))];
    const gateway = await gatewayTo(`${QUIET_PROBE}, breaker: { openMs: 60000 }`, [ill.origin, living.origin]);
    const answers = [];
    for (let i = 0; i < 20; i++)
      answers.push(await hear(gateway.port, `/${route}/${i}`, { method: 'POST', body: 'x' }));
    const failed = answers.filter(({ status }) => status === 502).length;
    expect(failed).toBe(5);
    expect(called(ill)).toHaveLength(5);
    expect(called(living)).toHaveLength(15);
    expect(answers.slice(10).every(({ status }) => status === 200)).toBe(true);
  });

  it('use the dead one again when it is back', async () => {
    const back = await startRawUpstream(() => undefined);
    await back.stop();
    const living = await upstreamThat(ok('living'));
    const gateway = await gatewayTo('health: { path: /health, intervalMs: 100 }', [back.origin, living.origin]);
    await hear(gateway.port, `/${route}/x`);
    const again = await upstreamThat(ok('back'), ok('health'), back.port);
    await sleep(300);
    for (let i = 0; i < 6; i++) await hear(gateway.port, `/${route}/x`);
    expect(called(again)).toHaveLength(3);
  });
});

describe.each(ROUTES)('a restart of the upstream behind /%s', (route) => {
  it('costs the requests in flight at most, and none once it is back', async () => {
    const first = await startRawUpstream((socket, request) => setTimeout(() => ok('first')(socket, request), 5));
    const gateway = await gatewayTo('breaker: { openMs: 200 }', [first.origin]);
    const heard: { at: number; answer: HeardAnswer }[] = [];
    const run = { isOver: false };
    const client = async (): Promise<void> => {
      while (!run.isOver) {
        heard.push({ at: performance.now(), answer: await hear(gateway.port, `/${route}/x`) });
        await sleep(10);
      }
    };
    const clients = Array.from({ length: 20 }, client);
    await sleep(200);
    await first.stop();
    await sleep(150);
    await upstreamThat(ok('second'), ok('second'), first.port);
    const backAt = performance.now();
    await sleep(1000);
    run.isOver = true;
    await Promise.all(clients);
    for (const { answer } of heard) {
      expect(answer.isComplete).toBe(true);
      expect([200, 502, 503]).toContain(answer.status);
      if (answer.status !== 200)
        expect(JSON.parse(answer.body)).toMatchObject({ success: false, traceId: answer.headers['x-trace-id'] });
    }
    expect(heard.some(({ answer }) => answer.status !== 200)).toBe(true);
    const later = heard.filter(({ at }) => at > backAt + 500);
    expect(later.length).toBeGreaterThan(50);
    expect(new Set(later.map(({ answer }) => answer.status))).toEqual(new Set([200]));
  });

  it('is not noticed by whoever asks afterwards, over connections that died meanwhile', async () => {
    const first = await startRawUpstream((socket, request) => setTimeout(() => ok('first')(socket, request), 20));
    const gateway = await gatewayTo('', [first.origin]);
    await Promise.all(Array.from({ length: 10 }, () => hear(gateway.port, `/${route}/x`)));
    await first.stop();
    const second = await upstreamThat(ok('second'), ok('second'), first.port);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => hear(gateway.port, `/${route}/x`, { method: i % 2 === 0 ? 'POST' : 'GET' })),
    );
    expect(new Set(statuses(answers))).toEqual(new Set([200]));
    expect(called(second)).toHaveLength(10);
  });
});

describe('the question whose a session is', () => {
  const SESSION = 'session: { cookie: S, path: /session }';
  const named = httpAnswer(
    200,
    { 'Content-Type': 'application/json' },
    '{"data":{"authenticated":true,"user":{"id":"u1"}}}',
  );
  const withCookie = (value: string): { headers: Record<string, string> } => ({ headers: { Cookie: `S=${value}` } });

  it('is asked once more where nothing of an answer came', async () => {
    let resets = 1;
    const upstream = await upstreamThat((socket, request) => {
      if (!request.startsWith('GET /session ')) ok('php')(socket, request);
      else if (resets-- > 0) socket.resetAndDestroy();
      else socket.write(named);
    });
    const gateway = await gatewayTo(`${SESSION}, ${QUIET_PROBE}`, [upstream.origin]);
    await expect(hear(gateway.port, '/private', withCookie('a'))).resolves.toMatchObject({ status: 200 });
    expect(called(upstream)).toHaveLength(3);
  });

  it.each([
    ['an error page', httpAnswer(500, { 'Content-Type': 'text/html' }, '<b>Fatal error</b>: in /srv/secret.php'), 502],
    ['HTML', httpAnswer(200, { 'Content-Type': 'text/html' }, '<html>'), 502],
    ['more than a session can be', httpAnswer(200, {}, `{"data":"${'x'.repeat(70_000)}"}`), 502],
    ['a cut answer', 'HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"da', 502],
    ['null', httpAnswer(200, {}, 'null'), 401],
    ['an identity without an id', httpAnswer(200, {}, '{"data":{"authenticated":true,"user":{}}}'), 401],
  ])('lets nobody in when the answer is %s', async (_name, text, status) => {
    const upstream = await upstreamThat((socket) => socket.end(text));
    const gateway = await gatewayTo(`${SESSION}, ${QUIET_PROBE}`, [upstream.origin]);
    const answer = await hear(gateway.port, '/private', withCookie('a'));
    expect(answer.status).toBe(status);
    expect(answer.body).not.toContain('secret');
    expect(called(upstream)).toHaveLength(1);
  });

  it('obeys the breaker', async () => {
    const upstream = await upstreamThat((socket) => socket.resetAndDestroy());
    const gateway = await gatewayTo(`${SESSION}, ${QUIET_PROBE}, breaker: { openMs: 60000 }`, [upstream.origin]);
    for (let i = 0; i < 3; i++)
      await expect(hear(gateway.port, '/private', withCookie(`c${i}`))).resolves.toMatchObject({
        status: i < 2 ? 502 : 503,
      });
    const before = called(upstream).length;
    await expect(hear(gateway.port, '/private', withCookie('d'))).resolves.toMatchObject({
      status: 503,
      headers: expect.objectContaining({ 'retry-after': '60' }),
    });
    expect(called(upstream)).toHaveLength(before);
  });
});
