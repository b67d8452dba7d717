import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { VoiceEventStore } from '../../src/features/voice/voice-event.store.js';
import { ownerKey } from '../../src/replication/index.js';
import { describeWith } from '../setup/parts.js';
import { eventually } from '../support/eventually.js';
import { type DatabaseBesideTests, startDatabase } from '../support/feature-database.js';
import { call, type CallAnswer } from '../support/http-call.js';
import { unlimitedTable } from '../support/legacy-php.js';
import { type PostgresServer, startPostgresServer } from '../support/postgres-server.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { bearer, type Boards, EVENTS, GOOD, post, samples, startBoards } from '../support/voice-site.js';

const TURN = { type: 'turn', session_id: 's-1', at: '2026-05-12T08:00:00Z', data: { text: 'a private word' } };
const at = (ms: number): number => Date.parse('2026-05-12T08:00:00Z') + ms;

describeWith('postgres', 'POST /api/voice/events', (program) => {
  let postgres: PostgresServer;
  let boards: Boards;
  let gateway: TestGateway;
  let databases = 0;
  let database = '';

  const start = async (env: Readonly<Record<string, string>> = {}): Promise<TestGateway> =>
    startTestGateway({
      routes: unlimitedTable(),
      phpTargets: [boards.origin],
      env: { DATABASE_URL: postgres.urlOf(database), ...env },
    });
  const rows = (): Promise<readonly Record<string, unknown>[]> =>
    postgres.ask(database, 'select * from voice_event order by occurred_at');
  const count = async (outcome: string): Promise<number> => {
    const { text } = await call(gateway.url, '/metrics');
    return samples(text).get(`donna_voice_events_total{outcome="${outcome}"}`) ?? 0;
  };

  beforeAll(async () => {
    [postgres, boards] = await Promise.all([startPostgresServer(program), startBoards()]);
  }, 60_000);
  beforeEach(async () => {
    boards.reset();
    database = `voice_${++databases}`;
    await postgres.createDatabase(database);
    gateway = await start();
  });
  afterEach(() => gateway.stop(0));
  afterAll(() => Promise.all([postgres.stop(), boards.stop()]));

  it('records an event without a word of what was said, and tells the boards in the background', async () => {
    const answer = await post(gateway, EVENTS, TURN);
    expect(answer.status).toBe(202);
    expect(answer.json()).toMatchObject({ success: true, accepted: true, traceId: answer.headers['x-trace-id'] });
    await eventually(() => boards.told.length === 3);
    const [row, ...more] = await rows();
    expect(more).toEqual([]);
    expect(row).toMatchObject({ owner: ownerKey('user_voice'), session_id: 's-1', type: 'turn', latency_ms: null });
    expect(JSON.stringify(row)).not.toMatch(/private|user_voice/);
    for (const { fields, headers } of boards.told) {
      expect(fields).toEqual({
        action: 'voice_event',
        kind: 'turn',
        session_id: 's-1',
        at: TURN.at,
        payload: TURN.data,
      });
      expect(headers['idempotency-key']).toBe(row?.['id']);
    }
  });

  it('records and tells the same event once, and another caller’s as another', async () => {
    await post(gateway, EVENTS, TURN);
    await post(gateway, EVENTS, TURN);
    await eventually(async () => (await count('known')) === 1);
    await post(gateway, EVENTS, TURN, bearer('user_other'));
    await eventually(() => boards.told.length === 6);
    expect(await rows()).toHaveLength(2);
  });

  it('measures what browsers report, and keeps it', async () => {
    for (const [i, [name, ms]] of (
      [
        ['connect', 300],
        ['first_audio', 700],
        ['first_transcript', 2000],
        ['token', 80],
      ] as const
    ).entries())
      expect((await post(gateway, EVENTS, { ...TURN, type: 'latency', at: at(i), data: { name, ms } })).status).toBe(
        202,
      );
    const found = samples((await call(gateway.url, '/metrics')).text);
    expect(found.get('donna_realtime_connect_seconds_sum{path="browser"}')).toBeCloseTo(0.3);
    expect(found.get('donna_realtime_connect_seconds_bucket{le="0.25",path="browser"}')).toBe(0);
    expect(found.get('donna_realtime_connect_seconds_bucket{le="0.5",path="browser"}')).toBe(1);
    expect(found.get('donna_realtime_first_audio_seconds_sum{path="browser"}')).toBeCloseTo(0.7);
    expect(found.get('donna_realtime_first_transcript_seconds_sum{path="browser"}')).toBeCloseTo(2);
    expect(found.get('donna_realtime_browser_token_seconds_count')).toBe(1);
    await eventually(async () => (await rows()).length === 4);
    expect((await rows()).map(({ latency_name, latency_ms }) => [latency_name, latency_ms])).toEqual([
      ['connect', 300],
      ['first_audio', 700],
      ['first_transcript', 2000],
      ['token', 80],
    ]);
  });

  it('records, but tells nobody, where the fan-out is switched off', async () => {
    await gateway.stop();
    gateway = await start({ REMOTE_PHP_BASE: boards.origin });
    expect((await post(gateway, EVENTS, TURN)).status).toBe(202);
    await eventually(async () => (await count('untold')) === 1);
    expect([(await rows()).length, boards.told.length]).toEqual([1, 0]);
  });

  it('tells the boards while the database is gone, counts and logs what is not recorded', async () => {
    const errors = jest.spyOn(gateway.logger, 'error');
    await postgres.kill();
    try {
      expect((await post(gateway, EVENTS, TURN)).status).toBe(202);
      await eventually(() => boards.told.length === 3, 30_000);
      expect(await count('unrecorded')).toBe(1);
      expect(errors).toHaveBeenCalledWith(expect.objectContaining({ count: 1 }), 'voice events not recorded');
      expect(JSON.stringify(errors.mock.calls)).not.toMatch(/private|pg:pass/);
    } finally {
      await postgres.start();
    }
  }, 60_000);

  it('keeps a bounded number of events waiting, of one caller a share, and loses none that it accepted', async () => {
    const open: (() => void)[] = [];
    let isHeld = true;
    boards.answer('sales', (res, req) => void (isHeld ? open.push(() => GOOD(res, req)) : GOOD(res, req)));
    const send = (i: number, subject: string): Promise<CallAnswer> =>
      post(gateway, EVENTS, { ...TURN, at: at(i) }, bearer(subject));
    expect((await send(0, 'flood')).status).toBe(202);
    await eventually(() => open.length > 0);
    const flood = await Promise.all(Array.from({ length: 130 }, (_, i) => send(i + 1, 'flood')));
    const refused = flood.filter(({ status }) => status === 503);
    expect(refused).toHaveLength(30);
    expect(refused[0]?.headers['retry-after']).toBe('5');
    expect((await send(0, 'other')).status).toBe(202);
    isHeld = false;
    for (const go of open) go();
    await eventually(() => boards.told.length === 3 * 102, 60_000);
    expect(await rows()).toHaveLength(102);
    expect([await count('accepted'), await count('refused'), await count('delivered')]).toEqual([102, 30, 102]);
  }, 90_000);

  it('finishes what waits before it stops', async () => {
    const open: (() => void)[] = [];
    boards.answer('sales', (res, req) => void open.push(() => GOOD(res, req)));
    for (let i = 0; i < 3; i++) await post(gateway, EVENTS, { ...TURN, at: at(i) });
    await eventually(() => open.length > 0);
    const stopped = gateway.stop();
    let isStopped = false;
    void stopped.then(() => (isStopped = true));
    await eventually(() => {
      for (const go of open.splice(0)) go();
      return isStopped;
    });
    expect(boards.told).toHaveLength(9);
    expect(await rows()).toHaveLength(3);
    gateway = await start();
  });

  it('stops in time before boards that never answer, and says how many events that cost', async () => {
    const errors = jest.spyOn(gateway.logger, 'error');
    for (const board of ['marketing', 'sales', 'secretary'] as const) boards.answer(board, () => undefined);
    for (let i = 0; i < 12; i++) await post(gateway, EVENTS, { ...TURN, at: at(i) });
    await eventually(() => boards.told.length > 0);
    await gateway.stop();
    expect(errors).toHaveBeenCalledWith({ dropped: expect.any(Number) }, 'voice events lost: the gateway stops');
    gateway = await start();
  }, 60_000);
});

describe('POST /api/voice/events, by its fields', () => {
  let gateway: TestGateway;
  let boards: Boards;
  beforeAll(async () => {
    boards = await startBoards();
    gateway = await startTestGateway({ routes: unlimitedTable(), phpTargets: [boards.origin] });
  });
  afterAll(async () => {
    await gateway.stop();
    await boards.stop();
  });

  it.each([
    ['a type that is not known', { ...TURN, type: 'gossip' }, 'type'],
    ['no type', { ...TURN, type: null }, 'type'],
    ['no session', { ...TURN, session_id: '' }, 'session_id'],
    ['a session of a path', { ...TURN, session_id: '../etc' }, 'session_id'],
    ['a moment that is none', { ...TURN, at: '2026-13-41T99:99:99' }, 'at'],
    ['a moment of a year that Postgres does not have', { ...TURN, at: '0000-01-01T00:00:00Z' }, 'at'],
    ['a moment before all', { ...TURN, at: -1 }, 'at'],
    ['data that is too large', { ...TURN, data: { a: 'x'.repeat(8192) } }, 'data'],
    ['a latency without a name', { ...TURN, type: 'latency', data: { ms: 5 } }, 'data'],
    ['a latency of another name', { ...TURN, type: 'latency', data: { name: 'age', ms: 5 } }, 'data'],
    ['a latency that is none', { ...TURN, type: 'latency', data: { name: 'token', ms: -5 } }, 'data'],
    ['a latency of text', { ...TURN, type: 'latency', data: { name: 'token', ms: '5' } }, 'data'],
    ['a latency of a day', { ...TURN, type: 'latency', data: { name: 'token', ms: 86_400_000 } }, 'data'],
    ['a field that is not known', { ...TURN, text: 'x' }, 'text'],
  ])('refuses %s', async (_what, fields, field) => {
    const answer = await post(gateway, EVENTS, fields);
    expect(answer.status).toBe(422);
    expect(Object.keys((answer.json() as { validationErrors: object }).validationErrors)).toEqual([field]);
  });

  it('is for somebody only: a signed internal call is nobody here', async () => {
    expect((await post(gateway, EVENTS, TURN, { 'Content-Type': 'application/json' })).status).toBe(401);
  });
});

describeWith('postgres', 'the store of voice events', (program) => {
  let site: DatabaseBesideTests;
  beforeAll(async () => {
    site = await startDatabase(program);
  }, 60_000);
  afterAll(() => site.stop());

  it('keeps the latest of them, none of which is older than the policy says', async () => {
    let keptDays = 30;
    const store = new VoiceEventStore(site.database, () => keptDays * 86_400_000, 5);
    const record = (id: string) => ({
      id,
      owner: 'o',
      sessionId: 's',
      type: 'turn',
      occurredAt: new Date(),
      latency: undefined,
    });
    for (let i = 0; i < 8; i++) await store.record([record(`e${i}`)]);
    const db = await site.database.db();
    const ids = async (): Promise<readonly string[]> =>
      (await db.selectFrom('voice_event').select('id').orderBy('recorded_at').execute()).map(({ id }) => id);
    expect(await store.prune()).toBe(3);
    expect(await ids()).toEqual(['e3', 'e4', 'e5', 'e6', 'e7']);
    expect(await store.prune()).toBe(0);
    // By the policy as it stands by then, and not by a time of its own.
    keptDays = 90;
    expect(await store.prune(Date.now() + 31 * 86_400_000)).toBe(0);
    keptDays = 30;
    expect(await store.prune(Date.now() + 32 * 86_400_000)).toBe(5);
  });
});
