import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { makeAccessToken } from '../../src/auth/index.js';
import { describeWith } from '../setup/parts.js';
import { eventually } from '../support/eventually.js';
import { call } from '../support/http-call.js';
import {
  EVE,
  EVE_PASSWORD,
  type LegacyPhp,
  signInForSession,
  startLegacyPhp,
  unlimitedTable,
} from '../support/legacy-php.js';
import { type RedisServer, startRedisServer } from '../support/redis-server.js';
import { JWT_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { bearer, type Boards, EVENTS, FANOUT, GOOD, post, startBoards } from '../support/voice-site.js';

const EVENT = { kind: 'turn', text: 'Hello' };
const keyed = (key: string): Readonly<Record<string, string>> => ({ ...bearer(), 'Idempotency-Key': key });

describeWith('redis', 'the voice fan-out on two instances', (program) => {
  let redis: RedisServer;
  let boards: Boards;
  let gateways: readonly TestGateway[];

  beforeAll(async () => {
    [redis, boards] = await Promise.all([startRedisServer(program), startBoards()]);
    const options = { routes: unlimitedTable(), phpTargets: [boards.origin], env: { REDIS_URL: redis.url } };
    gateways = [await startTestGateway(options), await startTestGateway(options)];
  }, 60_000);
  beforeEach(() => boards.reset());
  afterAll(async () => {
    for (const gateway of gateways) await gateway.stop();
    await Promise.all([redis.stop(), boards.stop()]);
  });

  it('delivers once under one key, one after the other and at once', async () => {
    const [one, two] = gateways;
    if (one === undefined || two === undefined) throw new Error('two gateways');
    const first = await post(one, FANOUT, EVENT, keyed('a'));
    const second = await post(two, FANOUT, EVENT, keyed('a'));
    expect([first.status, second.status, second.headers['idempotent-replayed']]).toEqual([200, 200, 'true']);
    expect((second.json() as { delivered: unknown }).delivered).toEqual(
      (first.json() as { delivered: unknown }).delivered,
    );
    expect(boards.told).toHaveLength(3);

    const open: (() => void)[] = [];
    boards.answer('sales', (res, req) => void open.push(() => GOOD(res, req)));
    const both = [one, two, one, two].map((gateway) => post(gateway, FANOUT, EVENT, keyed('b')));
    await eventually(() => open.length > 0);
    for (const go of open) go();
    expect((await Promise.all(both)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(boards.told).toHaveLength(6);
  });

  it('delivers nothing under a key while nobody can say whether it was delivered, and without a key goes on', async () => {
    const [one] = gateways;
    if (one === undefined) throw new Error('a gateway');
    await redis.kill();
    try {
      const answer = await post(one, FANOUT, EVENT, keyed('c'));
      expect([answer.status, boards.told.length]).toEqual([503, 0]);
      expect((await post(one, FANOUT, EVENT)).status).toBe(200);
    } finally {
      await redis.start();
    }
  }, 60_000);
});

describe('voice events on the real boards', () => {
  let php: LegacyPhp;
  let gateway: TestGateway;
  beforeAll(async () => {
    php = await startLegacyPhp();
    gateway = await startTestGateway({ routes: unlimitedTable(), phpTargets: [php.origin] });
  }, 60_000);
  afterAll(async () => {
    await gateway.stop();
    await php.stop();
  });

  const shown = async (): Promise<number> => {
    const token = makeAccessToken(JWT_SECRET, { subject: 'user_admin', roles: ['admin'], lifeS: 300 });
    const { text } = await call(gateway.url, '/api/system-stats.php?period=hour', {
      headers: { Authorization: `Bearer ${token}` },
    });
    return Number(/"voice_events":(\d+)/.exec(text)?.[1] ?? NaN);
  };

  it('are taken from a signed-in page with its proof, and from no other page', async () => {
    php.setUsers(EVE);
    const { cookie, csrf } = await signInForSession(gateway.url, EVE.email, EVE_PASSWORD);
    const headers = { 'Content-Type': 'application/json', Cookie: cookie };
    for (const [path, fields, status] of [
      [FANOUT, EVENT, 200],
      [EVENTS, { type: 'turn', session_id: 's-2', at: 1_747_036_800_000 }, 202],
    ] as const) {
      const refused = await post(gateway, path, fields, headers);
      expect([refused.status, refused.json()]).toEqual([403, expect.objectContaining({ errorCode: 'CSRF_FAILED' })]);
      expect((await post(gateway, path, fields, { ...headers, 'X-CSRF-Token': csrf })).status).toBe(status);
    }
    await eventually(async () => (await shown()) === 6, 60_000);
  }, 90_000);

  it('stand in the statistics of the application: three boards, each once', async () => {
    const before = await shown();
    const fields = {
      kind: 'transcript',
      text: 'ä'.repeat(4000),
      at: '2026-05-12T08:00:00.5+02:00',
      payload: { a: { b: [] } },
    };
    const answer = await post(gateway, FANOUT, fields, keyed('real'));
    expect(answer.json()).toMatchObject({ delivered: [{ status: 200 }, { status: 200 }, { status: 200 }], failed: [] });
    expect(await shown()).toBe(before + 3);
    await post(gateway, FANOUT, fields, keyed('real'));
    expect(await shown()).toBe(before + 3);
    const event = { type: 'latency', session_id: 's-1', at: 1_747_036_800_000.5, data: { name: 'token', ms: 3.5 } };
    expect((await post(gateway, EVENTS, event)).status).toBe(202);
    await eventually(async () => (await shown()) === before + 6, 60_000);
  }, 90_000);
});
