import { describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, settle } from '../support/eventually.js';
import { hear, type HeardAnswer } from '../support/raw-client.js';
import { startRawUpstream } from '../support/raw-upstream.js';
import {
  called,
  deadOrigin,
  FORWARDED_ROUTES,
  gatewayTo,
  ok,
  QUIET_PROBE,
  statuses,
  upstreamThat,
} from '../support/failover-site.js';

describe.each(FORWARDED_ROUTES)('two targets behind /%s', (route) => {
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
    // The first probe goes out with the start.
    await settle(150);
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
    // Whose turn came first is the start's affair.
    expect(new Set(statuses(answers.slice(-5)))).toEqual(new Set([200]));
  });

  it('use the dead one again when it is back', async () => {
    const back = await startRawUpstream(() => undefined);
    await back.stop();
    const living = await upstreamThat(ok('living'));
    const gateway = await gatewayTo('health: { path: /health, intervalMs: 100 }', [back.origin, living.origin]);
    await hear(gateway.port, `/${route}/x`);
    const again = await upstreamThat(ok('back'), ok('health'), back.port);
    await eventually(async () => {
      await hear(gateway.port, `/${route}/x`);
      return called(again).length > 0;
    });
    again.requests.length = 0;
    for (let i = 0; i < 6; i++) await hear(gateway.port, `/${route}/x`);
    expect(called(again)).toHaveLength(3);
  });
});

describe.each(FORWARDED_ROUTES)('a restart of the upstream behind /%s', (route) => {
  it('costs the requests in flight at most, and none once it is back', async () => {
    const first = await startRawUpstream((socket, request) => setTimeout(() => ok('first')(socket, request), 5));
    const gateway = await gatewayTo('breaker: { openMs: 200 }', [first.origin]);
    const heard: { at: number; answer: HeardAnswer }[] = [];
    const run = { isOver: false };
    const client = async (): Promise<void> => {
      while (!run.isOver) {
        const at = performance.now();
        heard.push({ at, answer: await hear(gateway.port, `/${route}/x`) });
        await sleep(10);
      }
    };
    const clients = Array.from({ length: 20 }, client);
    await eventually(() => heard.length > 100);
    await first.stop();
    await eventually(() => heard.some(({ answer }) => answer.status !== 200));
    await upstreamThat(ok('second'), ok('second'), first.port);
    await eventually(() => heard.at(-1)?.answer.status === 200);
    const backAt = performance.now();
    const later = (): typeof heard => heard.filter(({ at }) => at > backAt);
    await eventually(() => later().length > 100);
    run.isOver = true;
    await Promise.all(clients);
    for (const { answer } of heard) {
      expect(answer.isComplete).toBe(true);
      expect([200, 502, 503]).toContain(answer.status);
      if (answer.status !== 200)
        expect(JSON.parse(answer.body)).toMatchObject({ success: false, traceId: answer.headers['x-trace-id'] });
    }
    expect(heard.some(({ answer }) => answer.status !== 200)).toBe(true);
    expect(new Set(later().map(({ answer }) => answer.status))).toEqual(new Set([200]));
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
