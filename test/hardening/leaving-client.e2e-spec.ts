import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { FAR_TIME_MS } from '../support/elapsed.js';
import { eventually, settle } from '../support/eventually.js';
import { hear } from '../support/raw-client.js';
import { type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { FAULT_TABLE, GOOD, JSON_HEAD, says, saysThenResets, type Say } from '../support/faulty-upstream.js';

describe('a client that leaves', () => {
  let upstream: RawUpstream;
  let gateway: TestGateway;
  let say: Say;
  const lines: Record<string, unknown>[] = [];

  beforeAll(async () => {
    upstream = await startRawUpstream((socket) => say(socket));
    const routes = FAULT_TABLE.replace('timeoutMs: 900', `timeoutMs: ${FAR_TIME_MS}`).replace(
      'threshold: 0.99',
      'threshold: 0.1, openMs: 60000',
    );
    gateway = await startTestGateway({ routes, phpTargets: [upstream.origin] });
    const note = (line: unknown): void => void lines.push(line as Record<string, unknown>);
    jest.spyOn(gateway.logger, 'info').mockImplementation(note);
    jest.spyOn(gateway.logger, 'warn').mockImplementation(note);
  });
  afterAll(async () => {
    await gateway.stop(0);
    await upstream.stop();
  });
  afterEach(() => {
    lines.length = 0;
    upstream.requests.length = 0;
  });

  it.each([
    ['json', 'before the head', () => undefined, 'GET'],
    ['stream', 'before the head', () => undefined, 'GET'],
    ['json', 'before the head of a POST', () => undefined, 'POST'],
    ['stream', 'before the head of a POST', () => undefined, 'POST'],
    ['json', 'within the body', says(`${JSON_HEAD}Content-Length: 100\r\n\r\n{`), 'GET'],
    ['stream', 'within the body', says(`${JSON_HEAD}Content-Length: 100\r\n\r\n{`), 'GET'],
  ] as const)(
    'on /%s ends the upstream call %s; it is logged as 499 and nobody is blamed',
    async (route, _when, fault, method) => {
      for (let round = 0; round < 7; round++) {
        say = fault;
        const controller = new AbortController();
        const heard = hear(gateway.port, `/${route}/x`, {
          method,
          signal: controller.signal,
          ...(method === 'POST' ? { body: 'a=1' } : {}),
        });
        await eventually(() => upstream.requests.length > 0);
        await settle(10);
        expect(upstream.openSockets()).toBeGreaterThan(0);
        controller.abort();
        await heard;
        // Not when its time is over: that is a minute.
        await eventually(() => upstream.openSockets() === 0);
        expect(upstream.requests).toHaveLength(1);
        upstream.requests.length = 0;
      }
      await eventually(() => lines.length >= 7);
      expect(lines).toHaveLength(7);
      for (const line of lines) expect(line).toMatchObject({ status: 499, errorCode: 'CLIENT_CLOSED', route });
      lines.length = 0;
      say = (socket) => socket.end(`${GOOD.replace('\r\n', '\r\nConnection: close\r\n')}`);
      await expect(hear(gateway.port, `/${route}/x`)).resolves.toMatchObject({ status: 200 });
    },
  );

  it('is told apart in the log from an upstream that broke off', async () => {
    say = saysThenResets(`${JSON_HEAD}Content-Length: 100\r\n\r\n{`);
    await expect(hear(gateway.port, '/stream/x')).resolves.toMatchObject({ isComplete: false });
    await eventually(() => lines.length > 0);
    expect(lines).toEqual([
      expect.objectContaining({
        errorCode: 'UPSTREAM_BAD_ANSWER',
        upstreamFault: 'answer reset',
        status: 200,
        wasCut: true,
      }),
    ]);
  });
});
