import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { EnvelopeFields } from '../../src/contract/index.js';
import type { ExperimentRow, IgnoreView } from '../../src/admin/admin-api.js';
import { printExperiment } from '../../src/cli/gateway/print-experiment.js';
import { describeWith } from '../setup/parts.js';
import { eventually } from '../support/eventually.js';
import {
  ALIKE,
  alike,
  explain,
  type Explained,
  type ExperimentSite,
  experimentTable,
  startExperimentSite,
} from '../support/experiment-site.js';
import { type CallAnswer, call } from '../support/http-call.js';
import { type PostgresServer, startPostgresServer } from '../support/postgres-server.js';
import { hear } from '../support/raw-client.js';
import { admin, bearer } from '../support/staged-site.js';
import type { TestGateway } from '../support/test-gateway.js';

jest.setTimeout(120_000);

/** Milliseconds between two requests of one of those who ask: what takes time are the rounds of the judge. */
const PAUSE_MS = 60;
/** Milliseconds between two looks at what happens every two seconds. */
const LOOK_EVERY_MS = 100;
/** Times are no matter here: the machine of a test is shared. */
const QUICK = 'latency: { ratio: 100, slackMs: 60000 }, maxErrorIncrease: 0.3, maxMismatchRate: 0.2';

describeWith('postgres', 'experiments on several instances', (program) => {
  let server: PostgresServer;
  let site: ExperimentSite;
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  let databases = 0;

  beforeAll(async () => {
    [server, site] = await Promise.all([startPostgresServer(program), startExperimentSite()]);
  });
  afterAll(async () => {
    agent.destroy();
    await site.stop();
    await server.stop();
  });
  afterEach(async () => {
    await site.stopGateways();
    site.says = () => ALIKE;
    site.does = alike;
  });

  const makeDatabase = (): Promise<string> => server.createDatabase(`experiments${(databases += 1)}`);
  const start = (url: string, routes: string): Promise<TestGateway> =>
    site.start({ env: { DATABASE_URL: url }, routes });
  const nameOf = (url: string): string => new URL(url).pathname.slice(1);

  let callers = 0;
  /** One request of a new caller. */
  async function ask(gateway: TestGateway): Promise<{ status: number; isPhps: boolean }> {
    callers += 1;
    const { status, body, isComplete } = await hear(gateway.port, '/api/read.php', {
      agent,
      headers: bearer(`caller-${callers}`),
    });
    return { status: isComplete ? status : 0, isPhps: body.includes('"items"') };
  }

  /** Asks all gateways, many at a time, until `isOver`. */
  async function load<T>(gateways: readonly TestGateway[], isOver: () => Promise<T | undefined>): Promise<T> {
    const work = { isOver: false };
    const workers = gateways.flatMap((gateway) =>
      Array.from({ length: 4 }, async () => {
        while (!work.isOver) {
          expect((await ask(gateway)).status).toBe(200);
          await sleep(PAUSE_MS);
        }
      }),
    );
    try {
      let found: T | undefined;
      await eventually(async () => {
        await sleep(LOOK_EVERY_MS);
        return (found = await isOver()) !== undefined;
      }, 60_000);
      if (found === undefined) throw new Error('nothing was found');
      return found;
    } finally {
      work.isOver = true;
      await Promise.all(workers);
    }
  }

  const standing =
    (gateway: TestGateway, stage: string, weight?: number) => async (): Promise<Explained | undefined> => {
      const found = await explain(gateway);
      return found.effective.stage === stage && found.effective.weight === weight ? found : undefined;
    };

  it('roll a bad canary back by themselves under load: everywhere, audited, once, and for good', async () => {
    const url = await makeDatabase();
    const routes = experimentTable('stage: proxy', `promote: auto, minSamples: 10, minServed: 10, ${QUICK}`);
    const [one, two] = [await start(url, routes), await start(url, routes)];
    site.does = () => {
      throw new Error('the candidate is dead');
    };
    const set = { stage: 'canary', weight: 30, reason: 'first callers' };
    expect((await admin(one, 'PUT', '/read', set)).status).toBe(200);
    // Nobody ever hears of it: reads are answered by PHP while the handler fails.
    const found = await load([one, two], standing(one, 'proxy'));
    expect(found.override).toMatchObject({ by: 'gateway', reason: expect.stringContaining('it fails more often') });
    await eventually(async () => (await standing(two, 'proxy')()) !== undefined);
    site.asked.length = 0;
    for (const gateway of [one, two]) for (let i = 0; i < 30; i++) expect((await ask(gateway)).isPhps).toBe(true);
    expect(site.asked).toEqual([]);

    // By whichever decided, or by both at once; each tells of it once.
    const told = await Promise.all([one, two].map(async ({ metrics }) => (await metrics.render()).text));
    const rolledBack = told.map((text) =>
      /^donna_stage_changes_total\{route="read",to="proxy",by="gateway"\} (\d)$/m.exec(text),
    );
    expect(rolledBack.map((found) => found?.[1])).toContain('1');
    expect(rolledBack.map((found) => found?.[1])).not.toContain('2');

    const audit = await server.ask(nameOf(url), 'select * from stage_audit order by id');
    expect(audit).toHaveLength(2);
    expect(audit[1]).toMatchObject({ from_stage: 'canary', from_weight: 30, to_stage: 'proxy', by: 'gateway' });
    const evidence = audit[1]?.['evidence'] as {
      arms: Record<'control' | 'candidate', { requests: number; errors: number }>;
      reasons: { check: string; outcome: string }[];
    };
    expect(evidence.arms.candidate.errors).toBe(evidence.arms.candidate.requests);
    expect(evidence.arms.candidate.errors).toBeLessThan(60);
    expect(evidence.arms.control.errors).toBe(0);
    expect(evidence.reasons).toContainEqual(expect.objectContaining({ check: 'sequential', outcome: 'fail' }));
    await eventually(async () =>
      (await explain(two)).decisions.some(({ action, to }) => action === 'roll-back' && to?.stage === 'proxy'),
    );
    const decisions = await server.ask(nameOf(url), "select 1 from experiment_decision where action = 'roll-back'");
    expect(decisions).toHaveLength(1);

    // A candidate that is whole again is a person's to try; what it did before is not held against it.
    site.does = alike;
    expect((await admin(two, 'PUT', '/read', set)).status).toBe(200);
    const again = await explain(two);
    expect(again.mirror.arms.candidate).toMatchObject({ requests: 0, errors: 0 });
    expect(again.effective).toMatchObject({ stage: 'canary', weight: 30 });
  });

  it('promote a good candidate step by step, by what both saw', async () => {
    const url = await makeDatabase();
    const routes = experimentTable(
      'stage: mirror',
      `promote: auto, steps: [20, 60], minSamples: 40, minServed: 40, ${QUICK}`,
    );
    const [one, two] = [await start(url, routes), await start(url, routes)];
    await load([one, two], standing(one, 'replaced'));
    const audit = await server.ask(nameOf(url), "select * from stage_audit where route = 'read' order by id");
    expect(audit.map((row) => [row['from_stage'], row['to_stage'], row['to_weight'], row['by']])).toEqual([
      ['mirror', 'canary', 20, 'gateway'],
      ['canary', 'canary', 60, 'gateway'],
      ['canary', 'replaced', 0, 'gateway'],
    ]);
    await eventually(async () => (await standing(two, 'replaced')()) !== undefined);
  });

  it('only say so where a person promotes, once, however many instances judge', async () => {
    const url = await makeDatabase();
    const routes = experimentTable('stage: mirror', `minSamples: 40, ${QUICK}`);
    const [one, two] = [await start(url, routes), await start(url, routes)];
    const found = await load([one, two], async () => {
      const told = await explain(one);
      return told.decisions.some(({ action }) => action === 'promote') ? told : undefined;
    });
    expect(found.effective).toEqual({ stage: 'mirror' });
    expect(found.decisions.find(({ action }) => action === 'promote')?.to).toBeUndefined();
  });

  it('add up what they saw, and find it again after a restart, were it by kill -9', async () => {
    const url = await makeDatabase();
    const routes = experimentTable('stage: mirror', QUICK);
    const seen = async (gateway: TestGateway): Promise<number> => (await explain(gateway)).mirror.classes['match'] ?? 0;
    const [one, two] = [await start(url, routes), await start(url, routes)];
    for (let i = 0; i < 20; i++) await ask(one);
    for (let i = 0; i < 10; i++) await ask(two);
    for (const gateway of [one, two]) await eventually(async () => (await seen(gateway)) === 30);
    // As a crash leaves them: rows whose instances never closed them.
    await server.ask(nameOf(url), `create table left_behind as select * from experiment_evidence`);
    await site.stopGateways();
    await server.ask(nameOf(url), `delete from experiment_evidence`);
    await server.ask(
      nameOf(url),
      `insert into experiment_evidence select route, epoch, instance, evidence, now() - interval '1 hour', false from left_behind`,
    );
    const three = await start(url, routes);
    await eventually(async () => (await seen(three)) === 30);
    for (let i = 0; i < 5; i++) await ask(three);
    await eventually(async () => (await seen(three)) === 35);
    // What the dead left is the living's, in one row.
    await eventually(async () => {
      const rows = await server.ask(nameOf(url), `select 1 from experiment_evidence where route = 'read'`);
      return rows.length === 1;
    });
    expect(await seen(three)).toBe(35);
  });

  it('go on by what closed instances left', async () => {
    const url = await makeDatabase();
    const routes = experimentTable('stage: mirror', QUICK);
    const one = await start(url, routes);
    for (let i = 0; i < 7; i++) await ask(one);
    await eventually(async () => ((await explain(one)).mirror.classes['match'] ?? 0) === 7);
    await site.stopGateways();
    const two = await start(url, routes);
    await eventually(async () => ((await explain(two)).mirror.classes['match'] ?? 0) === 7);
    const { noise } = (await explain(two)).mirror;
    expect(noise.pairs).toBeGreaterThan(0);
  });

  it('roll back without a database, and save it when it is back', async () => {
    const url = await makeDatabase();
    const one = await start(url, experimentTable('stage: canary, weight: 50', QUICK));
    await eventually(async () => (await explain(one)).effective.stage === 'canary');
    await server.kill();
    try {
      site.does = () => {
        throw new Error('the candidate is dead');
      };
      await load([one], standing(one, 'proxy'));
      site.asked.length = 0;
      for (let i = 0; i < 20; i++) expect((await ask(one)).isPhps).toBe(true);
      expect(site.asked).toEqual([]);
    } finally {
      await server.start();
    }
    await eventually(async () => {
      const rows = await server.ask(nameOf(url), 'select * from stage_override');
      return rows.length === 1 && rows[0]?.['stage'] === 'proxy' && rows[0]['changed_by'] === 'gateway';
    }, 30_000);
    expect((await explain(one)).effective).toEqual({ stage: 'proxy' });
  });

  describe('with differences that are accepted while they run', () => {
    const DAY_MS = 86_400_000;
    const dayIn = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);
    const GOOD = { pointer: '/items/*', reason: 'a list of another order', until: dayIn(30) };

    const ignoring = (gateway: TestGateway, method: string, body: object, who = ['admin'], route = 'read') =>
      call(gateway.url, `/admin/api/experiments/${route}/ignores`, {
        method,
        headers: { ...bearer('boss', who), 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
    const faultsOf = (answer: CallAnswer): unknown => ({
      status: answer.status,
      ...(answer.json() as { validationErrors?: object }).validationErrors,
    });
    const rulesOf = async (gateway: TestGateway): Promise<readonly IgnoreView[]> =>
      (await explain(gateway)).rules.ignore.filter(({ by }) => by !== 'routes.yaml');
    const seen = async (gateway: TestGateway, kind: string): Promise<number> =>
      (await explain(gateway)).mirror.classes[kind] ?? 0;

    it('obey them everywhere within a second and after a restart, begin anew with them, and keep who said so', async () => {
      const url = await makeDatabase();
      const routes = experimentTable('stage: mirror', QUICK);
      const [one, two] = [await start(url, routes), await start(url, routes)];
      site.does = () => new EnvelopeFields({ from: 'php', items: [1, 3] });
      for (let i = 0; i < 3; i++) await ask(one);
      await eventually(async () => (await seen(two, 'mismatch')) === 3);

      const added = await ignoring(one, 'POST', GOOD);
      expect(added.json()).toMatchObject({
        data: { history: [{ pointer: '/items/*', until: GOOD.until, by: 'boss', reason: GOOD.reason }] },
      });
      // Here at once.
      expect(await rulesOf(one)).toEqual([expect.objectContaining({ ...GOOD, by: 'boss', isExpired: false })]);
      expect(await seen(one, 'mismatch')).toBe(0);
      await eventually(async () => (await rulesOf(two)).length === 1);
      for (let i = 0; i < 2; i++) await ask(two);
      for (const gateway of [one, two]) await eventually(async () => (await seen(gateway, 'ignored')) === 2);

      await site.stopGateways();
      const three = await start(url, routes);
      expect(await rulesOf(three)).toHaveLength(1);
      expect((await explain(three)).mirror.classes['mismatch']).toBe(0);
      // Saying it again renews it.
      expect((await ignoring(three, 'POST', { ...GOOD, until: dayIn(180) })).status).toBe(200);
      expect(await rulesOf(three)).toEqual([expect.objectContaining({ until: dayIn(180) })]);

      const taken = { pointer: GOOD.pointer, reason: 'mended' };
      expect((await ignoring(three, 'DELETE', taken)).json()).toMatchObject({
        data: { history: [{ until: null, reason: 'mended' }, { until: dayIn(180) }, { until: GOOD.until }] },
      });
      await ask(three);
      await eventually(async () => (await seen(three, 'mismatch')) > 0);
      expect((await ignoring(three, 'DELETE', taken)).status).toBe(404);
    });

    it('take only what an administrator may say, of a field, for half a year at most', async () => {
      const url = await makeDatabase();
      const gateway = await start(url, experimentTable('stage: mirror', QUICK));
      for (const [wrong, field] of [
        [{ pointer: 'items' }, 'pointer'],
        [{ pointer: '/' }, 'pointer'],
        [{ pointer: '/*/*' }, 'pointer'],
        [{ pointer: '/items/0' }, 'pointer'],
        [{ pointer: 'header:' }, 'pointer'],
        [{ pointer: 'header:set cookie' }, 'pointer'],
        [{ pointer: `/${'x'.repeat(300)}` }, 'pointer'],
        [{ pointer: '/a\u202eb' }, 'pointer'],
        [{ pointer: ['/items'] }, 'pointer'],
        [{ reason: '' }, 'reason'],
        [{ reason: ' ' }, 'reason'],
        [{ reason: 'x'.repeat(501) }, 'reason'],
        [{ until: dayIn(0) }, 'until'],
        [{ until: dayIn(181) }, 'until'],
        [{ until: '2027-02-30' }, 'until'],
        [{ until: 'tomorrow' }, 'until'],
        [{ by: 'somebody' }, 'by'],
      ] as const)
        expect([wrong, faultsOf(await ignoring(gateway, 'POST', { ...GOOD, ...wrong }))]).toEqual([
          wrong,
          { status: 422, [field]: expect.any(String) },
        ]);
      expect((await ignoring(gateway, 'POST', GOOD, ['user'])).status).toBe(403);
      expect((await ignoring(gateway, 'DELETE', { pointer: '/items', reason: 'x' }, ['user'])).status).toBe(403);
      expect((await ignoring(gateway, 'POST', GOOD, ['admin'], 'nobody')).status).toBe(404);
      expect((await ignoring(gateway, 'POST', GOOD, ['admin'], 'admin.stage')).status).toBe(404);
      expect(await rulesOf(gateway)).toEqual([]);

      // Two at a time for the last place of fifty; one of them gets it.
      const fill = `insert into experiment_ignore (route, pointer, until, reason, added_by)
        select 'read', '/f' || n, '2020-01-01', 'old', 'boss' from generate_series(1, 49) as n`;
      await server.ask(nameOf(url), fill);
      const both = ['/last', '/over'].map((pointer) => ignoring(gateway, 'POST', { ...GOOD, pointer }));
      expect((await Promise.all(both)).map(({ status }) => status).toSorted()).toEqual([200, 422]);
      expect(await rulesOf(gateway)).toHaveLength(50);
    });

    it('hold nothing back any more once their day has come', async () => {
      const url = await makeDatabase();
      const gateway = await start(url, experimentTable('stage: mirror', QUICK));
      site.does = () => new EnvelopeFields({ from: 'php', items: [1, 3] });
      const expired = `insert into experiment_ignore (route, pointer, until, reason, added_by)
        values ('read', '/items/*', '2020-01-01', 'was known', 'boss')`;
      await server.ask(nameOf(url), expired);
      await eventually(async () => (await rulesOf(gateway))[0]?.isExpired === true);
      await ask(gateway);
      await eventually(async () => (await seen(gateway, 'mismatch')) === 1);
      const { verdict } = await explain(gateway);
      expect(verdict?.reasons).toContainEqual(expect.objectContaining({ check: 'rules', outcome: 'wait' }));
    });
  });

  it('tell how they fared by the hour, of all instances, with what an outage of the database kept back', async () => {
    const url = await makeDatabase();
    const routes = experimentTable('stage: mirror', QUICK);
    const [one, two] = [await start(url, routes), await start(url, routes)];
    await server.ask(
      nameOf(url),
      `insert into experiment_hour select 'read', date_trunc('hour', now()) - n * interval '1 day', 10, 2, 1 from unnest(array[1, 15]) as n`,
    );
    const sum = async (gateway: TestGateway): Promise<readonly number[]> => {
      const { parity } = await explain(gateway);
      expect(parity.every(({ at }, i) => i === 0 || at > (parity[i - 1]?.at ?? 0))).toBe(true);
      expect(parity[0]?.at).toBeGreaterThan(Date.now() / 1000 - 14 * 86_400);
      const total = { compared: 0, differed: 0, candidateErrors: 0 };
      for (const hour of parity) {
        total.compared += hour.compared;
        total.differed += hour.differed;
        total.candidateErrors += hour.candidateErrors;
      }
      return Object.values(total);
    };
    for (const gateway of [one, two]) await ask(gateway);
    site.does = () => new EnvelopeFields({ from: 'php', items: [1, 3] });
    await ask(one);
    site.does = () => {
      throw new Error('the candidate is dead');
    };
    await ask(two);
    for (const gateway of [one, two]) await eventually(async () => String(await sum(gateway)) === '14,3,2');
    await eventually(async () => {
      const rows = await server.ask(
        nameOf(url),
        `select 1 from experiment_hour where hour < now() - interval '14 days'`,
      );
      return rows.length === 0;
    });
    const rows = async (): Promise<readonly ExperimentRow[]> => {
      const list = await call(one.url, '/admin/api/experiments', { headers: bearer('boss', ['admin']) });
      return (list.json() as { data: readonly ExperimentRow[] }).data;
    };
    await eventually(async () => (await rows())[0]?.compared === 4);
    expect(await rows()).toEqual([
      {
        route: 'read',
        effective: { stage: 'mirror' },
        compared: 4,
        differed: 1,
        candidateErrors: 1,
        action: 'hold',
        waitsFor: expect.stringContaining('comparisons that are needed'),
      },
      expect.objectContaining({ route: 'write', compared: 0 }),
    ]);

    const day = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
    expect(printExperiment(await explain(one))).toContain(`  ${day}: 10 compared, 2 differed, 1 failed\n`);

    site.does = alike;
    await server.kill();
    try {
      await ask(one);
      // Without the database, this instance tells what it alone still keeps.
      await eventually(async () => (await explain(one)).parity.some(({ compared }) => compared === 1));
    } finally {
      await server.start();
    }
    for (const gateway of [one, two]) await eventually(async () => String(await sum(gateway)) === '15,3,2', 30_000);
  });

  it('change nothing that a person has changed meanwhile', async () => {
    const url = await makeDatabase();
    const one = await start(url, experimentTable('stage: canary, weight: 50', QUICK));
    await eventually(async () => (await explain(one)).effective.stage === 'canary');
    await server.kill();
    site.does = () => {
      throw new Error('the candidate is dead');
    };
    await load([one], standing(one, 'proxy'));
    site.does = () => new EnvelopeFields({ from: 'native', items: [] });
    await server.start();
    // Before the instance finds its way back, a person has decided.
    await server.ask(
      nameOf(url),
      `insert into stage_override (route, stage, weight, changed_by, reason) values ('read', 'mirror', 0, 'boss', 'looking')
       on conflict (route) do update set stage = 'mirror', changed_by = 'boss', changed_at = now()`,
    );
    await eventually(async () => (await explain(one)).effective.stage === 'mirror', 30_000);
    expect((await explain(one)).override).toMatchObject({ by: 'boss' });
  });
});
