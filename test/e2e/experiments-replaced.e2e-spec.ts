import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { printExperiment } from '../../src/cli/gateway/print-experiment.js';
import { EnvelopeFields } from '../../src/contract/index.js';
import { canaryBuckets } from '../../src/experiment/index.js';
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
import { type PostgresServer, startPostgresServer } from '../support/postgres-server.js';
import { hear } from '../support/raw-client.js';
import { admin, bearer } from '../support/staged-site.js';
import { IDENTITY_SECRET, type TestGateway } from '../support/test-gateway.js';

jest.setTimeout(120_000);

/** Milliseconds between two looks at what happens every two seconds. */
const LOOK_EVERY_MS = 100;
/** Milliseconds between two requests of one of those who ask side by side. */
const PAUSE_MS = 60;
/** Times are no matter here: the machine of a test is shared. */
const QUICK = 'latency: { ratio: 100, slackMs: 60000 }, maxErrorIncrease: 0.3, maxMismatchRate: 0.2';

let site: ExperimentSite;
const agent = new Agent({ keepAlive: true, maxSockets: 8 });
beforeAll(async () => {
  site = await startExperimentSite();
});
afterAll(async () => {
  agent.destroy();
  await site.stop();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await site.stopGateways();
  site.says = () => ALIKE;
  site.does = alike;
});

let callers = 0;
const ask = async (gateway: TestGateway, query = ''): Promise<number> =>
  (await hear(gateway.port, `/api/read.php${query}`, { agent, headers: bearer(`caller-${(callers += 1)}`) })).status;

const dead = (): never => {
  throw new Error('the candidate is dead');
};

describe('a replaced route', () => {
  it('that goes bad is told once, with the way back, and left where it is; and told again when it is well', async () => {
    const gateway = await site.start({ routes: experimentTable('stage: replaced', 'rollBack: auto, promote: auto') });
    const [error, info] = [jest.spyOn(gateway.logger, 'error'), jest.spyOn(gateway.logger, 'info')];
    const told = (): unknown[] =>
      error.mock.calls.filter(([, text]) => String(text).includes('replaced route has gone bad')).map(([line]) => line);
    for (let i = 0; i < 15; i++) expect(await ask(gateway)).toBe(200);
    const well = await explain(gateway);
    expect(well.mirror.arms.candidate).toMatchObject({ requests: 15, errors: 0 });
    expect(well.verdict).toMatchObject({ action: 'hold' });
    expect(printExperiment(well)).toMatch(/watched: well[^]*next: The handler answers every request/);
    site.does = dead;
    for (let i = 0; i < 10; i++) expect(await ask(gateway)).toBe(500);
    await eventually(() => told().length > 0);
    // Asked about again and again, and still failing.
    for (let i = 0; i < 2; i++) await ask(gateway);
    const bad = await explain(gateway);
    expect(bad.effective).toEqual({ stage: 'replaced' });
    expect(bad.override).toBeNull();
    expect(printExperiment(bad)).toMatch(
      /watched: BAD[^]*FAIL errors +12 of 27 requests of the last 5 minutes failed[^]*stage read proxy --reason/,
    );
    site.does = alike;
    // Until those that failed are one of forty.
    for (let i = 0; i < 460; i++) await ask(gateway);
    await eventually(() => info.mock.calls.some(([, text]) => String(text).includes('well again')));
    expect(told()).toEqual([
      expect.objectContaining({ route: 'read', back: 'npm run gateway -- stage read proxy --reason "…"' }),
    ]);
  });

  it('counts those whom a handler that never ends leaves without an answer, and those who find no place', async () => {
    site.does = () => new Promise(() => undefined);
    const gateway = await site.start({ routes: experimentTable('stage: replaced', '', 'timeoutMs: 100') });
    const statuses = await Promise.all(Array.from({ length: 16 }, () => ask(gateway)));
    expect(new Set(statuses)).toEqual(new Set([504]));
    for (let i = 0; i < 4; i++) expect(await ask(gateway)).toBe(503);
    const { mirror, late } = await explain(gateway);
    expect(late).toBe(16);
    expect(mirror.arms.candidate).toMatchObject({ requests: 20, errors: 20 });
  });

  it('is not told bad for one caller who repeats one failing request', async () => {
    site.does = ({ url = '' }) => (url.includes('bad') ? dead() : alike());
    const gateway = await site.start({ routes: experimentTable('stage: replaced') });
    for (let i = 0; i < 60; i++) await ask(gateway);
    for (let i = 0; i < 40; i++)
      await hear(gateway.port, '/api/read.php?bad', { agent, headers: bearer('one-caller') });
    const { mirror, verdict } = await explain(gateway);
    expect(mirror.arms.candidate).toMatchObject({ requests: 100, errors: 40 });
    expect(verdict?.reasons.find(({ check }) => check === 'errors')?.outcome).toBe('pass');
  });
});

describeWith('postgres', 'a route whose stage changes', (program) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgresServer(program);
  });
  afterAll(() => server.stop());

  it('has its table loaded again in the midst of a canary, which says who decides from then on; what was seen goes on counting', async () => {
    const staging = 'stage: canary, weight: 50';
    const gateway = await site.start({
      env: { DATABASE_URL: await server.createDatabase('reloaded') },
      routes: experimentTable(staging, `rollBack: manual, ${QUICK}`),
    });
    site.does = dead;
    const seen = async (): Promise<Explained> => explain(gateway);
    await eventually(async () => {
      await ask(gateway);
      return (await seen()).verdict?.action === 'roll-back';
    });
    const { effective, mirror } = await seen();
    expect(effective).toEqual({ stage: 'canary', weight: 50 });
    expect(printExperiment({ ...(await seen()) })).toMatch(
      /next: It harms its callers, and this route is rolled back by a person/,
    );
    gateway.writeRoutes(experimentTable(staging, `rollBack: auto, ${QUICK}`));
    await eventually(async () => (await seen()).effective.stage === 'proxy');
    const { override } = await seen();
    expect(override).toMatchObject({ by: 'gateway', reason: expect.stringContaining('rolled back') });
    // It is kept after it has taken effect.
    const kept = async (): Promise<Explained['decisions'][number] | undefined> =>
      (await seen()).decisions.find(({ action, to }) => action === 'roll-back' && to?.stage === 'proxy');
    await eventually(async () => (await kept()) !== undefined);
    const evidence = (await kept())?.evidence as { arms: Explained['mirror']['arms'] } | undefined;
    expect(evidence?.arms.candidate.errors).toBeGreaterThanOrEqual(mirror.arms.candidate.errors);
  });

  it('and is renamed is told of by its override, which does not follow it', async () => {
    const gateway = await site.start({
      env: { DATABASE_URL: await server.createDatabase('renamed') },
      routes: experimentTable('stage: replaced'),
    });
    const warn = jest.spyOn(gateway.logger, 'warn');
    expect((await admin(gateway, 'PUT', '/read', { stage: 'proxy', reason: 'it loses letters' })).status).toBe(200);
    gateway.writeRoutes(experimentTable('stage: replaced').replace('  read: {', '  fetch: {'));
    await eventually(async () => (await admin(gateway, 'GET', '/fetch')).status === 200);
    expect((await admin(gateway, 'GET', '')).json()).toMatchObject({
      idleOverrides: [{ route: 'read', stage: 'proxy' }],
    });
    expect(warn.mock.calls).toContainEqual([
      { routes: ['read'] },
      expect.stringContaining('stage overrides without effect'),
    ]);
    gateway.writeRoutes(experimentTable('stage: replaced'));
    await eventually(async () => (await admin(gateway, 'GET', '/read')).status === 200);
    expect((await admin(gateway, 'GET', '')).json()).toMatchObject({ idleOverrides: [] });
    expect((await explain(gateway)).effective).toEqual({ stage: 'proxy' });
  });

  it('that is perfect goes from mirror over 1, 10 and 50 % to replaced by itself, and each step is told with its evidence', async () => {
    const url = await server.createDatabase('story');
    const rules = `promote: auto, minSamples: 40, minServed: 8, alpha: 0.05, ${QUICK}`;
    const gateway = await site.start({ env: { DATABASE_URL: url }, routes: experimentTable('stage: mirror', rules) });
    const told: string[] = [];
    const work = { isOver: false };
    // Of every two requests one is of a caller whom even the smallest canary chooses.
    const bucketOf = canaryBuckets(IDENTITY_SECRET, 'read');
    const isFirst = (subject: string): boolean => bucketOf(`subject\0${subject}`) < 1;
    const subjects = Array.from({ length: 4000 }, (_, i) => `story-${i}`);
    const [first, others] = [subjects.filter(isFirst), subjects.filter((subject) => !isFirst(subject))];
    const askAs = async (subject: string | undefined): Promise<number> =>
      (await hear(gateway.port, '/api/read.php', { agent, headers: bearer(subject ?? '') })).status;
    const workers = [first, others].flatMap((of) =>
      Array.from({ length: 2 }, async () => {
        for (let i = 0; !work.isOver; i++) {
          expect(await askAs(of[i % of.length])).toBe(200);
          // The rounds of the judge are what takes time.
          await sleep(PAUSE_MS);
        }
      }),
    );
    try {
      await eventually(async () => {
        await sleep(LOOK_EVERY_MS);
        const found = await explain(gateway);
        const { stage, weight = 0 } = found.effective;
        if (!told.some((text) => text.startsWith(`read  ${weight === 0 ? stage : `${stage} ${weight} %`},`)))
          told.push(printExperiment(found));
        return stage === 'replaced';
      }, 90_000);
    } finally {
      work.isOver = true;
      await Promise.all(workers);
    }
    const audit = await server.ask('story', "select * from stage_audit where route = 'read' order by id");
    expect(audit.map((row) => [row['from_stage'], row['from_weight'], row['to_stage'], row['to_weight']])).toEqual([
      ['mirror', 0, 'canary', 1],
      ['canary', 1, 'canary', 10],
      ['canary', 10, 'canary', 50],
      ['canary', 50, 'replaced', 0],
    ]);
    for (const row of audit) {
      expect(row).toMatchObject({ by: 'gateway', reason: expect.stringContaining('every check passes') });
      const { reasons } = row['evidence'] as { reasons: { outcome: string }[] };
      expect(reasons.every(({ outcome }) => outcome === 'pass')).toBe(true);
    }
    expect(told).toHaveLength(5);
    const [begin = '', second = ''] = told;
    expect(begin).toMatch(/verdict: hold; a promotion lacks [^]*next: It waits; what is missing, and what to do:/);
    expect(begin).toContain('policy: promotion by the gateway, in steps of 1, 10, 50 % and then replaced');
    expect(second).toMatch(/^read {2}canary 1 %, set by gateway at \S+$/m);
    await eventually(async () => (await explain(gateway)).decisions.some(({ to }) => to?.stage === 'replaced'));
    const last = printExperiment(await explain(gateway));
    expect(last).toMatch(/next: The handler answers every request\. PHP can have it back within a second:/);
    expect(last).toContain('npm run gateway -- stage read proxy --reason');
    expect(last).toMatch(/promote: canary 50 % → replaced: every check passes/);
    expect(last).toMatch(/promote: mirror → canary 1 %: every check passes/);
    // What it does now is seen, without a control beside it.
    site.does = () => new EnvelopeFields({ from: 'native' });
    // Requests that began with the table before may be among the control's.
    const { candidate, control } = (await explain(gateway)).mirror.arms;
    await ask(gateway);
    expect((await explain(gateway)).mirror.arms).toMatchObject({
      candidate: { requests: candidate.requests + 1 },
      control: { requests: control.requests },
    });
  });
});
