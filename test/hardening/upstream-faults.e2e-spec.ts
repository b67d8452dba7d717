import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Socket } from 'node:net';
import { NOT_WAITED_MS } from '../support/elapsed.js';
import { settle } from '../support/eventually.js';
import { holdsOnce } from '../support/holds-once.js';
import { hear, type HeardAnswer } from '../support/raw-client.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import {
  FAULT_TABLE,
  FAULTS,
  GOOD,
  JSON_HEAD,
  later,
  type Outcome,
  repeats,
  says,
  saysThenCloses,
  saysThenResets,
  type Say,
} from '../support/faulty-upstream.js';

describe('an upstream that misbehaves', () => {
  let upstream: RawUpstream;
  let gateway: TestGateway;
  let say: Say = says(GOOD);

  beforeAll(async () => {
    upstream = await startRawUpstream((socket) => say(socket));
    gateway = await startTestGateway({ routes: FAULT_TABLE, phpTargets: [upstream.origin] });
  });
  afterAll(async () => {
    await gateway.stop(0);
    await upstream.stop();
  });
  afterEach(() => {
    upstream.requests.length = 0;
  });

  function expectOutcome(answer: HeardAnswer, outcome: Outcome): void {
    if (outcome === 'cut') {
      // The cut may overtake the head.
      expect([0, 200]).toContain(answer.status);
      expect(answer.isComplete).toBe(false);
      return;
    }
    expect(answer.isComplete).toBe(true);
    expect({ status: answer.status, body: answer.body }).toMatchObject({ status: outcome });
    const body = JSON.parse(answer.body) as Record<string, unknown>;
    expect(body).toEqual({
      success: false,
      traceId: answer.headers['x-trace-id'],
      error: expect.any(String),
      errorCode: outcome === 502 ? 'UPSTREAM_BAD_ANSWER' : 'UPSTREAM_TIMEOUT',
    });
    expect(answer.body).not.toMatch(/127\.0\.0\.1|ECONN|HPE_|at .*\.ts/);
  }

  const cases = FAULTS.flatMap(({ name, say: fault, json, stream }) => [
    { name, route: 'json', fault, outcome: json },
    { name, route: 'stream', fault, outcome: stream },
  ]);

  it.each(cases)(
    '/$route: $name → $outcome, and the next request gets its own answer',
    async ({ route, fault, outcome }) => {
      say = fault;
      const answer = await hear(gateway.port, `/${route}/x`, { method: 'POST', body: 'a=1' });
      expectOutcome(answer, outcome);
      expect(upstream.requests).toHaveLength(1);
      say = says(GOOD);
      const next = await hear(gateway.port, `/${route}/next`);
      expect(next).toMatchObject({ status: 200, isComplete: true, body: expect.stringContaining('"ok":true') });
    },
  );

  describe.each(['json', 'stream'])('on /%s', (route) => {
    it.each([
      [
        'a control character in a header',
        'HTTP/1.1 200 OK\r\nX-A: a\x01b\r\nContent-Length: 13\r\nContent-Type: application/json\r\n\r\n{"ok": false}',
      ],
      [
        'a control character in a cookie of a refusal',
        'HTTP/1.1 401 No\r\nSet-Cookie: a=\x01b\r\nContent-Length: 0\r\n\r\n',
      ],
      [
        'a control character in the reason',
        'HTTP/1.1 200 O\x01K\r\nContent-Length: 13\r\nContent-Type: application/json\r\n\r\n{"ok": false}',
      ],
      ['status 999', 'HTTP/1.1 999 Odd\r\nContent-Length: 13\r\nContent-Type: application/json\r\n\r\n{"ok": false}'],
      ['status 000', 'HTTP/1.1 000 Odd\r\nContent-Length: 13\r\nContent-Type: application/json\r\n\r\n{"ok": false}'],
      [
        'a body with 204',
        'HTTP/1.1 204 No\r\nContent-Length: 13\r\nContent-Type: application/json\r\n\r\n{"ok": false}',
      ],
      [
        'a body with 304',
        'HTTP/1.1 304 No\r\nContent-Length: 13\r\nContent-Type: application/json\r\n\r\n{"ok": false}',
      ],
      [
        'an unknown content coding',
        'HTTP/1.1 200 OK\r\nContent-Encoding: zip\r\nContent-Length: 13\r\nContent-Type: application/json\r\n\r\n{"ok": false}',
      ],
    ])('answers whole, whatever it is, and lives on: %s', async (_name, text) => {
      say = says(text);
      const answer = await hear(gateway.port, `/${route}/x`, { method: 'POST', body: 'a=1' });
      expect(answer.status).toBeGreaterThanOrEqual(200);
      expect(answer.isComplete).toBe(true);
      expect(answer.headers['x-trace-id']).toMatch(/^[0-9a-f]{32}$/);
      say = says(GOOD);
      await expect(hear(gateway.port, `/${route}/next`)).resolves.toMatchObject({
        status: 200,
        body: expect.stringContaining('"ok":true'),
      });
    });

    it('passes over 102 and 103 to the answer itself', async () => {
      say = (socket) => {
        socket.write('HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n');
        later(socket, () => socket.write(GOOD));
      };
      const answer = await hear(gateway.port, `/${route}/x`);
      expect(answer).toMatchObject({ status: 200, body: expect.stringContaining('"ok":true') });
      expect(answer.headers['link']).toBeUndefined();
    });

    it.each([
      ['at once', 0],
      ['a moment later', 40],
    ])('never hands on an answer that nobody asked for, sent %s behind another', async (_when, ms) => {
      const poison = httpAnswer(200, { 'Content-Type': 'application/json' }, '{"poison":1}');
      say = (socket) => {
        if (ms === 0) socket.write(GOOD + poison);
        else {
          socket.write(GOOD);
          setTimeout(() => socket.write(poison), ms);
        }
      };
      const first = await hear(gateway.port, `/${route}/a`);
      expect(first).toMatchObject({ status: 200, isComplete: true, body: expect.stringContaining('"ok":true') });
      await settle(ms + 20);
      say = says(httpAnswer(200, { 'Content-Type': 'application/json' }, '{"own":1}'));
      // Not GET: a second try would hide that the first one went over the poisoned connection.
      const others = await Promise.all(
        ['b', 'c', 'd'].map((name) => hear(gateway.port, `/${route}/${name}`, { method: 'POST', body: 'x' })),
      );
      for (const other of others)
        expect(other).toMatchObject({ status: 200, body: expect.stringContaining('"own":1') });
    });

    it('drops bytes beyond the announced length, and the connection with them', async () => {
      say = says(`${JSON_HEAD}Content-Length: 11\r\n\r\n{"ok":true}{"more":1}`);
      const answer = await hear(gateway.port, `/${route}/a`);
      expect(answer).toMatchObject({ status: 200, isComplete: true, body: expect.stringContaining('"ok":true') });
      expect(answer.body).not.toContain('more');
      say = says(GOOD);
      await expect(hear(gateway.port, `/${route}/b`, { method: 'POST', body: 'x' })).resolves.toMatchObject({
        status: 200,
      });
    });

    it('sends a GET once more when nothing of an answer came, a POST never', async () => {
      say = (socket) => socket.resetAndDestroy();
      expectOutcome(await hear(gateway.port, `/${route}/x`), 502);
      expect(upstream.requests).toHaveLength(2);
      upstream.requests.length = 0;
      expectOutcome(await hear(gateway.port, `/${route}/x`, { method: 'POST', body: 'a=1' }), 502);
      expectOutcome(await hear(gateway.port, `/${route}/x`, { method: 'POST' }), 502);
      expectOutcome(await hear(gateway.port, `/${route}/x`, { method: 'DELETE' }), 502);
      expectOutcome(await hear(gateway.port, `/${route}/x`, { headers: { 'Content-Length': '1' }, body: 'x' }), 502);
      expect(upstream.requests).toHaveLength(4);
    });

    it('does not ask again once the answer has begun, nor when PHP is only slow', async () => {
      say = saysThenResets(`${JSON_HEAD}Content-Length: 100\r\n\r\n`);
      expectOutcome(await hear(gateway.port, `/${route}/x`), route === 'json' ? 502 : 'cut');
      expect(upstream.requests).toHaveLength(1);
      say = () => undefined;
      expectOutcome(await hear(gateway.port, `/${route}/x`), 504);
      expect(upstream.requests).toHaveLength(2);
    });

    it('sends the second try over a fresh connection: idle ones may all be dead', async () => {
      const warm = new Set<Socket>();
      say = (socket) => {
        warm.add(socket);
        setTimeout(() => socket.write(GOOD), 30);
      };
      await Promise.all(Array.from({ length: 5 }, () => hear(gateway.port, `/${route}/warm`)));
      upstream.requests.length = 0;
      // Each of them takes one more request and dies of it, as connections behind a restarted balancer do.
      say = (socket) => (warm.has(socket) ? socket.resetAndDestroy() : socket.write(GOOD));
      await expect(hear(gateway.port, `/${route}/x`)).resolves.toMatchObject({ status: 200, isComplete: true });
      expect(upstream.requests).toHaveLength(2);
    });

    it('never sends a POST twice when the kept connection breaks under it', async () => {
      say = says(GOOD);
      await hear(gateway.port, `/${route}/warm`);
      for (const fault of [
        saysThenResets(''),
        saysThenCloses(''),
        saysThenResets('HTTP/1.1 2'),
        saysThenResets(`${JSON_HEAD}Content-Length: 9\r\n\r\n{`),
      ]) {
        say = says(GOOD);
        await hear(gateway.port, `/${route}/warm`);
        upstream.requests.length = 0;
        say = fault;
        const answer = await hear(gateway.port, `/${route}/x`, { method: 'POST', body: 'a=1' });
        expect(answer.status === 502 || !answer.isComplete).toBe(true);
        await settle(30);
        expect(upstream.requests).toHaveLength(1);
      }
    });
  });

  it('gives up a JSON answer that comes byte by byte when its whole time is spent', async () => {
    say = (socket) => {
      socket.write(`${JSON_HEAD}Content-Length: 100000\r\n\r\n`);
      repeats(' ', 10)(socket);
    };
    const answer = await hear(gateway.port, '/json/x');
    expectOutcome(answer, 504);
    expect(answer.ms).toBeLessThan(NOT_WAITED_MS);
  });

  it('lets a stream take its time as long as it moves', async () => {
    say = (socket) => {
      socket.write(`${JSON_HEAD}Content-Length: 60\r\n\r\n`);
      repeats('x', 20, 60)(socket);
    };
    // On a machine that does not make pauses of its own.
    await holdsOnce(async () => {
      const answer = await hear(gateway.port, '/stream/x');
      expect(answer).toMatchObject({ status: 200, isComplete: true, body: 'x'.repeat(60) });
      expect(answer.ms).toBeGreaterThan(1000);
    });
  });

  it('gives up a stream that does not move for the idle time', async () => {
    say = says(`${JSON_HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nxx\r\n`);
    const answer = await hear(gateway.port, '/stream/x');
    expectOutcome(answer, 'cut');
    expect(answer.body).toBe('xx');
    expect(answer.ms).toBeLessThan(NOT_WAITED_MS);
  });

  it.each([
    ['of known length', (body: string) => httpAnswer(200, { 'Content-Type': 'application/json' }, body)],
    [
      'in chunks',
      (body: string) =>
        `${JSON_HEAD}Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    ],
  ])('refuses a JSON answer beyond the bound, %s, and streams it where nothing must be read', async (_name, wrap) => {
    say = says(wrap(`{"a":"${'x'.repeat(6000)}"}`));
    expectOutcome(await hear(gateway.port, '/json/x'), 502);
    await expect(hear(gateway.port, '/stream/x')).resolves.toMatchObject({ status: 200, isComplete: true });
    say = says(wrap(`{"a":"${'x'.repeat(4900)}"}`));
    await expect(hear(gateway.port, '/json/x')).resolves.toMatchObject({ status: 200, isComplete: true });
  });
});
