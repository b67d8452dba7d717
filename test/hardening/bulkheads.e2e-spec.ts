import { afterEach, describe, expect, it } from '@jest/globals';
import type { Socket } from 'node:net';
import { eventually } from '../support/eventually.js';
import { describeWithFpm, type PhpFpm, startPhpFpm } from '../support/php-fpm.js';
import { hear, type HeardAnswer } from '../support/raw-client.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const JSON_TYPE = { 'Content-Type': 'application/json' };

/** `connections` of one upstream, and what its routes take besides. */
const table = (connections: number, slow = ''): string => `
upstreams:
  php: { targets: ['\${REMOTE_PHP_BASE}'], connections: ${connections} }
policies:
  authorization: { public: {} }
defaults: { authorization: public, timeoutMs: 60000 }
routes:
  slow: { match: { path: '/slow/{*path}' }, upstream: php, policies: { ${slow} } }
  pages: { match: { path: '/pages/{*path}' }, upstream: php, policies: { envelope: 'off' } }
  fast: { match: { path: '/fast/{*path}' }, upstream: php }
  fixture.slow: { match: { path: /__fixtures/slow.php }, upstream: php }
  all: { match: { path: '/{*path}' }, upstream: php }
`;

const samplesOf = async (gateway: TestGateway, name: string): Promise<readonly string[]> =>
  (await gateway.metrics.render()).text.split('\n').filter((line) => line.startsWith(`${name}{`));
/** Resolves once so many places are held, or wanted. */
const places = (gateway: TestGateway, state: 'held' | 'wanted', count: number): Promise<void> =>
  eventually(async () =>
    (await samplesOf(gateway, 'donna_upstream_places')).includes(
      `donna_upstream_places{upstream="php",state="${state}"} ${count}`,
    ),
  );

describe('a route that PHP is slow on', () => {
  let upstream: RawUpstream;
  let gateway: TestGateway;
  /** Calls that PHP has not answered, by path. */
  let waiting: { readonly path: string; readonly socket: Socket }[] = [];
  const start = async (routes: string): Promise<void> => {
    waiting = [];
    upstream = await startRawUpstream((socket, request) => {
      const path = request.split(' ')[1] ?? '';
      if (path.startsWith('/fast')) socket.write(httpAnswer(200, JSON_TYPE, JSON.stringify({ path })));
      else waiting.push({ path, socket });
    });
    gateway = await startTestGateway({ phpTargets: [upstream.origin], routes });
  };
  afterEach(async () => {
    await gateway.stop(0);
    await upstream.stop();
  });
  const ask = (path: string, signal?: AbortSignal): Promise<HeardAnswer> =>
    hear(gateway.port, path, signal === undefined ? {} : { signal });
  const many = (count: number, path: string, signal?: AbortSignal): Promise<HeardAnswer>[] =>
    Array.from({ length: count }, (_, i) => ask(`${path}/${i}`, signal));
  const answerAll = (): void => {
    for (const { path, socket } of waiting.splice(0))
      socket.write(httpAnswer(200, JSON_TYPE, JSON.stringify({ path })));
  };
  const underWay = (prefix: string): number => waiting.filter(({ path }) => path.startsWith(prefix)).length;

  it.each([
    ['read for the envelope', '/slow'],
    ['passed through', '/pages'],
  ])('takes half of the connections and no more, while all others are answered (%s)', async (_how, path) => {
    await start(table(8));
    const slow = many(40, path);
    await places(gateway, 'wanted', 36);
    const fast = await Promise.all(many(200, '/fast'));
    expect(fast.map(({ status }) => status)).toEqual(Array.from({ length: 200 }, () => 200));
    expect(fast.every(({ body }, i) => (JSON.parse(body) as { path: string }).path === `/fast/${i}`)).toBe(true);
    // Not one of the slow ones was answered meanwhile, and no more of them were sent.
    expect(underWay(path)).toBe(4);
    // Those that waited are served when places become free: none is lost, none is sent twice.
    let isDone = false;
    const answered = Promise.all(slow).finally(() => (isDone = true));
    await eventually(() => {
      expect(underWay(path)).toBeLessThanOrEqual(4);
      answerAll();
      return isDone;
    });
    const answers = await answered;
    expect(answers.map(({ body }) => (JSON.parse(body) as { path: string }).path)).toEqual(
      answers.map((_, i) => `${path}/${i}`),
    );
    expect(upstream.requests.filter((request) => request.includes(` ${path}/`))).toHaveLength(40);
    await places(gateway, 'held', 0);
  });

  it('is given what its route says, and freed places go to the waiting routes by turns', async () => {
    await start(table(4, 'concurrency: { upstream: 3 }'));
    const held = [...many(10, '/slow'), ...many(3, '/pages')];
    await eventually(() => waiting.length === 4);
    expect([underWay('/slow'), underWay('/pages')]).toEqual([3, 1]);
    // Two of the three slow ones end: the page that has waited comes before the second slow one.
    const ended = waiting.filter(({ path }) => path.startsWith('/slow')).slice(0, 2);
    waiting = waiting.filter((call) => !ended.includes(call));
    for (const { socket } of ended) socket.write(httpAnswer(200, JSON_TYPE, '{}'));
    await eventually(() => waiting.length === 4);
    expect([underWay('/slow'), underWay('/pages')]).toEqual([2, 2]);
    let isDone = false;
    void Promise.all(held).finally(() => (isDone = true));
    await eventually(() => {
      answerAll();
      return isDone;
    });
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual(held.map(() => 200));
  });

  it('refuses with 503 and Retry-After whoever found no place in time, and counts it', async () => {
    await start(table(2, 'timeoutMs: 300'));
    const held = ask('/pages/1');
    await eventually(() => underWay('/pages') === 1);
    const first = ask('/slow/1');
    await eventually(() => underWay('/slow') === 1);
    // The first one is given up after its own 300 ms; the second one has waited as long by then, or gets its place.
    const second = await ask('/slow/2');
    expect([503, 504]).toContain(second.status);
    expect((await first).status).toBe(504);
    const others = await Promise.all(many(6, '/slow'));
    const refused = others.filter(({ status }) => status === 503);
    expect(refused.length).toBeGreaterThan(0);
    for (const { headers, body } of refused) {
      expect(headers['retry-after']).toBe('1');
      expect(JSON.parse(body)).toMatchObject({ success: false, errorCode: 'UPSTREAM_UNAVAILABLE' });
    }
    expect((await samplesOf(gateway, 'donna_upstream_places_refused_total')).join('\n')).toMatch(
      /route="slow"\} [1-9]/,
    );
    answerAll();
    expect((await held).status).toBe(200);
  });

  it('gives back the places of clients that leave, waiting or served, and of calls that break', async () => {
    await start(table(4));
    for (let round = 0; round < 3; round++) {
      const leave = new AbortController();
      // By the round: what an earlier one had sent already may be heard of late.
      const path = `/slow/${round}`;
      const gone = many(20, path, leave.signal);
      await eventually(() => underWay(path) >= 2);
      leave.abort();
      await Promise.all(gone);
      await places(gateway, 'held', 0);
      await places(gateway, 'wanted', 0);
    }
    waiting.length = 0;
    const broken = [1, 2, 3].map((i) =>
      hear(gateway.port, `/slow/broken/${i}`, { method: 'POST', body: '{}', headers: JSON_TYPE }),
    );
    for (const end of ['reset', 'cut', 'malformed']) {
      await eventually(() => underWay('/slow/broken') > 0);
      const [call] = waiting.splice(
        waiting.findIndex(({ path }) => path.startsWith('/slow/broken')),
        1,
      );
      if (end === 'reset') call?.socket.resetAndDestroy();
      else if (end === 'cut') call?.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx');
      else call?.socket.end('no HTTP at all\r\n\r\n');
    }
    expect((await Promise.all(broken)).map(({ status }) => status)).toEqual([502, 502, 502]);
    await places(gateway, 'held', 0);
    await places(gateway, 'wanted', 0);
  });

  it('keeps its share over reloads of the table, and has all places where it is the only route', async () => {
    await start(table(4));
    const slow = many(6, '/slow');
    await eventually(() => underWay('/slow') === 2);
    gateway.writeRoutes(table(4, 'concurrency: { upstream: 1 }'));
    await eventually(async () => (await ask('/fast/1')).status === 200);
    gateway.writeRoutes(`
upstreams:
  php: { targets: ['\${REMOTE_PHP_BASE}'], connections: 4 }
policies:
  authorization: { public: {} }
routes:
  slow: { match: { path: '/slow/{*path}' }, upstream: php, policies: { authorization: public } }
`);
    await eventually(async () => (await ask('/fast/1')).status === 404);
    const more = many(6, '/slow/more');
    await eventually(() => underWay('/slow') === 4);
    let isDone = false;
    const all = Promise.all([...slow, ...more]).finally(() => (isDone = true));
    await eventually(() => {
      expect(waiting.length).toBeLessThanOrEqual(4);
      answerAll();
      return isDone;
    });
    expect((await all).every(({ status }) => status === 200)).toBe(true);
  });
});

describeWithFpm('php-fpm with five workers, and a page that is slow', (parts) => {
  let php: PhpFpm;
  let gateway: TestGateway;
  afterEach(async () => {
    await gateway.stop(0);
    await php.stop();
  });

  it('answers all other routes while as many as want it hang, when `connections` is not above its workers', async () => {
    php = await startPhpFpm(parts);
    gateway = await startTestGateway({ phpTargets: [php.origin], routes: table(5) });
    const leave = new AbortController();
    // Each would take a worker for a minute.
    const slow = Array.from({ length: 12 }, () =>
      hear(gateway.port, '/__fixtures/slow.php?ms=60000', { signal: leave.signal }),
    );
    let ended = 0;
    for (const call of slow) void call.then(() => (ended += 1));
    await places(gateway, 'held', 3);
    const fast = await Promise.all(
      Array.from({ length: 40 }, (_, i) => hear(gateway.port, `/__fixtures/status.php?code=200&n=${i}`)),
    );
    expect(fast.map(({ status }) => status)).toEqual(Array.from({ length: 40 }, () => 200));
    expect(ended).toBe(0);
    leave.abort();
    await Promise.all(slow);
  });
});
