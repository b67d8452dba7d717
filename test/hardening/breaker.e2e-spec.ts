import { describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import { holdsOnce } from '../support/holds-once.js';
import { hear } from '../support/raw-client.js';
import { httpAnswer } from '../support/raw-upstream.js';
import { startTestGateway } from '../support/test-gateway.js';
import {
  called,
  failoverTable,
  FORWARDED_ROUTES,
  gatewayTo,
  ok,
  QUIET_PROBE,
  running,
  type Say,
  statuses,
  upstreamThat,
} from '../support/failover-site.js';

describe.each(FORWARDED_ROUTES)('the breaker before /%s', (route) => {
  it('opens after enough failures, spares the upstream, and closes when a trial succeeds', async () => {
    // The second that it stays open is the clock's: a machine may sleep through it.
    await holdsOnce(async () => {
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
      }
      expect(called(upstream)).toHaveLength(0);
      await sleep(1050);
      // Half open, still ill: one call gets through, then it is shut again.
      expect(
        statuses([
          await hear(gateway.port, `/${route}/x`, { method: 'POST' }),
          await hear(gateway.port, `/${route}/x`),
        ]),
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
  });

  it('does not let callers wait for a trial that takes long', async () => {
    let say: Say = (socket) => socket.resetAndDestroy();
    const upstream = await upstreamThat((socket, request) => say(socket, request));
    const gateway = await startTestGateway({
      routes: failoverTable(`${QUIET_PROBE}, breaker: { openMs: 100 }`).replace('timeoutMs: 500', 'timeoutMs: 60000'),
      phpTargets: [upstream.origin],
    });
    running.push({ stop: () => gateway.stop(0) });
    for (let i = 0; i < 5; i++) await hear(gateway.port, `/${route}/x`, { method: 'POST' });
    await sleep(110);
    const trials: (() => void)[] = [];
    say = (socket, request) => void trials.push(() => ok('php')(socket, request));
    const trial = hear(gateway.port, `/${route}/trial`);
    await eventually(() => called(upstream).some((head) => head.includes('/trial')));
    const other = await hear(gateway.port, `/${route}/other`);
    expect(other.status).toBe(503);
    expect(trials).toHaveLength(1);
    for (const answer of trials) answer();
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
    await eventually(async () => (await hear(gateway.port, `/${route}/x`, { method: 'POST' })).status === 200);
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
