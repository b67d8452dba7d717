import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { findFreePort } from '../support/free-port.mjs';
import { call, type CallAnswer } from '../support/http-call.js';
import { unlimitedTable } from '../support/legacy-php.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { bearer, type Boards, FANOUT, GOOD, post, startBoards } from '../support/voice-site.js';

const EVENT = { kind: 'transcript', text: 'Hello,\nDonna', at: '2026-05-12T08:00:00Z', payload: { turn: 1 } };

interface Outcome {
  readonly success: boolean;
  readonly traceId: string;
  readonly delivered: readonly { target: string; status: number; ms: number }[];
  readonly failed: readonly { target: string; status: number; ms: number; errorCode: string }[];
  readonly errorCode?: string;
  readonly error?: string;
  readonly validationErrors?: Readonly<Record<string, string>>;
}

const outcomeOf = (answer: CallAnswer): Outcome => answer.json() as Outcome;
const names = (list: Outcome['failed'] | Outcome['delivered']): readonly string[] => list.map(({ target }) => target);

describe('POST /api/voice/fanout', () => {
  let boards: Boards;
  let gateway: TestGateway;

  const start = (): Promise<TestGateway> => startTestGateway({ routes: unlimitedTable(), phpTargets: [boards.origin] });
  beforeAll(async () => {
    boards = await startBoards();
    gateway = await start();
  });
  beforeEach(() => boards.reset());
  afterAll(async () => {
    await gateway.stop();
    await boards.stop();
  });

  it('tells every board in the name of the caller, and the caller how each took it', async () => {
    const answer = await post(gateway, FANOUT, EVENT);
    expect(answer.status).toBe(200);
    const outcome = outcomeOf(answer);
    expect(outcome).toMatchObject({ success: true, traceId: answer.headers['x-trace-id'], failed: [] });
    expect(names(outcome.delivered)).toEqual(['marketing', 'sales', 'secretary']);
    for (const { status, ms } of outcome.delivered) expect([status, ms >= 0]).toEqual([200, true]);
    expect(boards.told.map(({ board }) => board).toSorted()).toEqual(['marketing', 'sales', 'secretary']);
    for (const { fields, headers } of boards.told) {
      expect(fields).toEqual({ action: 'voice_event', ...EVENT });
      expect(headers['x-trace-id']).toBe(outcome.traceId);
      const [, payload = ''] = String(headers['x-gateway-identity']).split('.');
      expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({
        via: 'jwt',
        sub: 'user_voice',
        again: true,
      });
      expect(headers).not.toHaveProperty('authorization');
    }
  });

  it('asks all boards at the same time: one that waits for its siblings is answered', async () => {
    const waiting: (() => void)[] = [];
    for (const board of ['marketing', 'sales', 'secretary'] as const)
      boards.answer(board, (res, req) => {
        waiting.push(() => GOOD(res, req));
        if (waiting.length === 3) for (const go of waiting) go();
      });
    expect(outcomeOf(await post(gateway, FANOUT, EVENT)).delivered).toHaveLength(3);
  });

  // A gateway of its own for each: the faults of one test are not to open the breakers of the next.
  describe('while boards fail', () => {
    let fresh: TestGateway;
    beforeEach(async () => {
      fresh = await start();
    });
    afterEach(() => fresh.stop());

    it.each([
      ['answers 500 with its workings', 500, (res) => res.writeHead(500).end('SQLSTATE[42000] in /srv/app/db.php')],
      ['answers an HTML page', 502, (res) => res.setHeader('Content-Type', 'text/html').end('<h1>Welcome</h1>')],
      ['answers megabytes', 502, (res) => res.end(JSON.stringify({ success: true, pad: 'x'.repeat(4_000_000) }))],
      ['breaks the connection off', 502, (res) => res.destroy()],
      ['breaks its answer off', 502, (res) => void (res.writeHead(200), res.write('{"succ', () => res.destroy()))],
      ['says with 200 that it failed', 502, (res) => res.end('{"success":false,"error":"secret words"}')],
      ['redirects elsewhere', 502, (res) => res.writeHead(302, { Location: '/api/sales/overview.php' }).end()],
      ['refuses the caller', 403, (res) => res.writeHead(403).end('{"success":false}')],
      ['never answers', 504, () => undefined],
    ] satisfies readonly (readonly [string, number, Parameters<Boards['answer']>[1]])[])(
      'delivers to the others when one %s',
      async (_what, status, how) => {
        boards.answer('sales', how);
        const answer = await post(fresh, FANOUT, EVENT);
        const outcome = outcomeOf(answer);
        expect([answer.status, names(outcome.delivered)]).toEqual([200, ['marketing', 'secretary']]);
        expect(outcome.failed).toMatchObject([{ target: 'sales', status }]);
        expect(answer.text).not.toMatch(/SQLSTATE|srv|Welcome|secret words|127\.0\.0\.1/);
      },
      30_000,
    );

    it('leaves a board that keeps failing alone for a while, and goes on telling the others', async () => {
      boards.answer('marketing', (res) => res.destroy());
      boards.answer('secretary', (res) => res.destroy());
      const tell = async (): Promise<Outcome> => outcomeOf(await post(fresh, FANOUT, EVENT));
      await eventually(async () => {
        const { delivered, failed } = await tell();
        expect(names(delivered)).toEqual(['sales']);
        return failed.every(({ status }) => status === 503);
      });
      const countOf = (name: string): number => boards.told.filter(({ board }) => board === name).length;
      expect(countOf('sales')).toBeGreaterThan(countOf('marketing'));
      expect(countOf('sales')).toBeGreaterThan(countOf('secretary'));
      // The host's own breaker, by which all other routes go, has seen nothing.
      expect((await call(fresh.url, '/api/health.php')).status).toBe(200);
    });

    it('answers 502 when no board has taken it, and says nothing of why', async () => {
      for (const board of ['marketing', 'sales', 'secretary'] as const)
        boards.answer(board, (res) => res.writeHead(500).end('<b>Fatal error</b>'));
      const answer = await post(fresh, FANOUT, EVENT);
      expect(answer.status).toBe(502);
      expect(outcomeOf(answer)).toMatchObject({ success: false, errorCode: 'UPSTREAM_BAD_ANSWER' });
      expect(outcomeOf(answer).error).toContain('marketing (500), sales (500), secretary (500)');
      expect(answer.text).not.toContain('Fatal');
    });
  });

  it('answers 502 when PHP is gone', async () => {
    const gone = await startTestGateway({
      routes: unlimitedTable(),
      phpTargets: [`http://127.0.0.1:${await findFreePort()}`],
    });
    try {
      expect((await post(gone, FANOUT, EVENT)).status).toBe(502);
    } finally {
      await gone.stop();
    }
  });

  it.each([
    ['a remote PHP by default', {}, 503, 'FANOUT_DISABLED'],
    ['a remote PHP that it may reach', { ALLOW_REMOTE_PHP_FANOUT: 'true' }, 200, undefined],
  ])('before %s', async (_what, extra, status, errorCode) => {
    const env = { REMOTE_PHP_BASE: boards.origin, ...extra };
    const remote = await startTestGateway({ routes: unlimitedTable(), phpTargets: [boards.origin], env });
    try {
      const answer = await post(remote, FANOUT, EVENT);
      expect([answer.status, outcomeOf(answer).errorCode]).toEqual([status, errorCode]);
      expect(boards.told).toHaveLength(status === 200 ? 3 : 0);
    } finally {
      await remote.stop();
    }
  });

  describe('under an idempotency key', () => {
    const keyed = (key: string, subject?: string): Record<string, string> => ({
      ...bearer(subject),
      'Idempotency-Key': key,
    });

    it('delivers once, and answers whoever comes again as it did the first time', async () => {
      boards.answer('sales', (res) => res.writeHead(500).end());
      const first = await post(gateway, FANOUT, EVENT, keyed('call-7'));
      boards.answer('sales', GOOD);
      const second = await post(gateway, FANOUT, EVENT, keyed('call-7'));
      expect([first.status, second.status]).toEqual([200, 200]);
      const { traceId: _one, ...before } = outcomeOf(first);
      const { traceId, ...again } = outcomeOf(second);
      expect(again).toEqual(before);
      expect(traceId).toBe(second.headers['x-trace-id']);
      expect([first.headers['idempotent-replayed'], second.headers['idempotent-replayed']]).toEqual([
        undefined,
        'true',
      ]);
      expect(boards.told).toHaveLength(3);
    });

    it('takes the id of the event for a key, too', async () => {
      await post(gateway, FANOUT, { ...EVENT, id: 'evt-1' });
      await post(gateway, FANOUT, { ...EVENT, id: 'evt-1' });
      expect(boards.told).toHaveLength(3);
      expect(boards.told[0]?.fields).not.toHaveProperty('id');
    });

    it('delivers once when the same comes many times at once', async () => {
      const open: (() => void)[] = [];
      boards.answer('marketing', (res, req) => void open.push(() => GOOD(res, req)));
      const all = Array.from({ length: 6 }, () => post(gateway, FANOUT, EVENT, keyed('at-once')));
      await eventually(() => open.length > 0);
      for (const go of open) go();
      const answers = await Promise.all(all);
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
      expect(new Set(answers.map((answer) => JSON.stringify(outcomeOf(answer).delivered))).size).toBe(1);
      expect(boards.told).toHaveLength(3);
    });

    it('hands PHP a key that is of this caller alone and does not tell the one that was sent', async () => {
      await post(gateway, FANOUT, EVENT, keyed('shared', 'ada'));
      await post(gateway, FANOUT, EVENT, keyed('shared', 'bob'));
      const keys = boards.told.map(({ headers }) => String(headers['idempotency-key']));
      expect(keys).toHaveLength(6);
      expect(new Set(keys).size).toBe(2);
      for (const key of keys) expect(key).toMatch(/^[0-9a-f]{32}$/);
    });

    it('tries again under a key that nobody was told under, with the same key to PHP', async () => {
      const fail = (res: Parameters<typeof GOOD>[0]): void => void res.destroy();
      for (const board of ['marketing', 'sales', 'secretary'] as const) boards.answer(board, fail);
      expect((await post(gateway, FANOUT, EVENT, keyed('again'))).status).toBe(502);
      for (const board of ['marketing', 'sales', 'secretary'] as const) boards.answer(board, GOOD);
      expect((await post(gateway, FANOUT, EVENT, keyed('again'))).status).toBe(200);
      expect(new Set(boards.told.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
      expect(boards.told).toHaveLength(6);
    });

    it('refuses another event under a key that was used', async () => {
      await post(gateway, FANOUT, EVENT, keyed('mine'));
      const answer = await post(gateway, FANOUT, { ...EVENT, text: 'other' }, keyed('mine'));
      expect(answer.status).toBe(422);
      expect(outcomeOf(answer).validationErrors).toHaveProperty('Idempotency-Key');
      expect(boards.told).toHaveLength(3);
    });

    it.each(['', ' ', 'a b', 'ü', 'k'.repeat(129)])('refuses what is no key: %j', async (key) => {
      const answer = await post(gateway, FANOUT, EVENT, keyed(key));
      expect([answer.status, boards.told.length]).toEqual([422, 0]);
    });
  });
});
