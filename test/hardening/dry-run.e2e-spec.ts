import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Observation } from '../../src/experiment/index.js';
import { ownerKey } from '../../src/replication/index.js';
import { requirePart } from '../setup/parts.js';
import { type DonnaData, startDonnaData, startTwinGateway } from '../support/donna-data.js';
import {
  candidate,
  CandidatesModule,
  countSeen,
  databaseOfGateway,
  evidenceOf,
  logOf,
  mirrorTable,
  samplesOf,
} from '../support/dry-run-site.js';
import { eventually } from '../support/eventually.js';
import { call, type CallAnswer } from '../support/http-call.js';
import { describeWithFpm } from '../support/php-fpm.js';
import { type PostgresServer, startPostgresServer } from '../support/postgres-server.js';
import { bearer } from '../support/staged-site.js';
import type { TestGateway } from '../support/test-gateway.js';

jest.setTimeout(120_000);

const PATH = '/api/conversations.php';
const ROUTE = 'conversations.create';
const COUNTS = `select (select count(*)::int from conversation) as conversations, (select count(*)::int from replication_outbox) as outbox`;

const postgres = requirePart('postgres');
describeWithFpm('writes whose candidate is not to be trusted', (parts) => {
  if (!postgres.isPresent) {
    it.todo(`left out: ${postgres.reason}`);
    return;
  }
  let data: DonnaData;
  let gateway: TestGateway;
  let user = 'first';
  let users = 0;
  let world: Server;
  let heard = 0;
  beforeAll(async () => {
    data = await startDonnaData(parts);
    world = createServer(() => heard++);
    world.listen(0, '127.0.0.1');
    await once(world, 'listening');
    candidate.world = `http://127.0.0.1:${(world.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    world.close();
    await data.stop();
  });
  beforeEach(() => {
    user = `user ${++users}`;
    Object.assign(candidate, { behaviour: 'right', asked: [], faults: [] });
    heard = 0;
  });

  const send = (method: string, body: object): Promise<CallAnswer> =>
    call(gateway.url, PATH, {
      method,
      headers: { ...bearer(user), 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  const titles = (): readonly string[] =>
    ((data.document('conversations', ownerKey(user))?.['conversations'] ?? []) as { title: string }[]).map(
      ({ title }) => title,
    );

  /** Creates a conversation as a client, who gets PHP's answer whatever the candidate does, and waits until that was judged. */
  const create = async (title: string): Promise<Observation | undefined> => {
    const [seen, samples] = [countSeen(ROUTE), samplesOf(ROUTE).length];
    const answer = await send('POST', { title });
    expect([answer.status, (answer.json() as { data: { title: string } }).data.title]).toEqual([201, title]);
    await eventually(() => countSeen(ROUTE) > seen);
    return samplesOf(ROUTE).length > samples || samples === 20 ? samplesOf(ROUTE)[0]?.observation : undefined;
  };
  const fieldsOf = (observation: Observation | undefined): readonly string[] =>
    observation?.differences.map(({ field }) => field) ?? [];

  describe('on a real Postgres', () => {
    let server: PostgresServer;
    beforeAll(async () => {
      server = await startPostgresServer(postgres.path);
      candidate.databaseUrl = await server.createDatabase('tried');
      gateway = await startTwinGateway(data, {
        routes: mirrorTable({ [ROUTE]: 'test.create', 'conversations.update': 'test.undeclared' }, 1000),
        features: [CandidatesModule],
        env: { DATABASE_URL: candidate.databaseUrl },
      });
      // Begun by the first.
      await create('first');
    });
    afterAll(async () => {
      await gateway.stop();
      await server.stop();
    });
    const expectNothingWritten = async (): Promise<void> =>
      expect(await server.ask('tried', COUNTS)).toEqual([{ conversations: 0, outbox: 0 }]);

    it('finds a wrong title in the data though the answer is right', async () => {
      candidate.behaviour = 'stores another title';
      const observation = await create('alice@example.com');
      expect([observation?.class, fieldsOf(observation)]).toEqual(['mismatch', ['effects:/conversations/*/title']]);
      expect(JSON.stringify([observation, samplesOf(ROUTE)[0]?.request])).not.toContain('alice');
      expect(titles()).toEqual(['alice@example.com']);
      await expectNothingWritten();
    });

    it('finds that another id was answered than was stored', async () => {
      candidate.behaviour = 'answers another id';
      expect(fieldsOf(await create('x'))).toEqual(['effects:/conversations/*/id']);
    });

    it('finds that what the write was not about was changed', async () => {
      await create('one');
      candidate.behaviour = 'touches others';
      expect(fieldsOf(await create('two'))).toEqual(['effects:/conversations/*/updated_at']);
    });

    it('keeps mail and calls back, and shows them without their values', async () => {
      candidate.behaviour = 'sends mail and calls';
      expect(await create('x')).toBeUndefined();
      const { outbound } = logOf(ROUTE);
      expect(outbound.slice(-2).map(({ call: { kind, target } }) => [kind, target])).toEqual([
        ['mail', '1 recipients'],
        ['http', `${candidate.world}/hooks/*?who`],
      ]);
      expect(JSON.stringify(outbound)).not.toContain('alice');
      expect(heard).toBe(0);
    });

    it('lets no call out that goes past Outbound, and blames it, its failure swallowed or not', async () => {
      candidate.behaviour = 'calls past Outbound';
      const observation = await create('x');
      expect([observation?.class, observation?.reason]).toEqual([
        'candidate-error',
        'threw: it connects past Outbound',
      ]);
      expect([candidate.faults.length, heard]).toEqual([1, 0]);
    });

    it('lets no connection of its own reach the database', async () => {
      candidate.behaviour = 'connects by itself';
      expect((await create('x'))?.reason).toBe('threw: it connects past Outbound');
      expect(candidate.faults).toHaveLength(1);
      expect(await server.ask('tried', `select to_regclass('escaped') as escaped`)).toEqual([{ escaped: null }]);
      await expectNothingWritten();
    });

    it.each(['commits', 'throws'] as const)('takes everything back when it %s', async (behaviour) => {
      candidate.behaviour = behaviour;
      expect((await create('x'))?.class).toBe('candidate-error');
      expect(titles()).toEqual(['x']);
      await expectNothingWritten();
    });

    it('gives up one that hangs, lets it write nothing later, and asks no more than two while they hang', async () => {
      candidate.behaviour = 'hangs';
      expect((await create('x'))?.reason).toMatch(/^timeout/);
      await expectNothingWritten();
      candidate.goOn();
      await eventually(() => candidate.faults.length === 1);
      expect(String(candidate.faults[0])).toMatch(/DryRunError.*has ended/);
      await expectNothingWritten();
      const { skipped } = logOf(ROUTE);
      await eventually(() => logOf(ROUTE).underWay === 0);
      for (let i = 0; i < 3; i++) await create(`more ${i}`);
      expect([logOf(ROUTE).underWay, logOf(ROUTE).skipped - skipped]).toEqual([2, 1]);
      candidate.goOn();
    });

    it('blames nobody for writes of one owner that meet, and loses none of them', async () => {
      const before = evidenceOf(ROUTE).classes;
      const wanted = Array.from({ length: 24 }, (_, i) => `Title ${i}`);
      const seen = countSeen(ROUTE);
      const answers = await Promise.all(wanted.map((title) => send('POST', { title })));
      expect(answers.map(({ status }) => status)).toEqual(wanted.map(() => 201));
      await eventually(() => countSeen(ROUTE) === seen + wanted.length);
      expect(titles().toSorted()).toEqual(wanted.toSorted());
      const { mismatch, 'candidate-error': errors } = evidenceOf(ROUTE).classes;
      expect([mismatch, errors]).toEqual([before.mismatch, before['candidate-error']]);
      await expectNothingWritten();
    });

    it('asks a handler that declares no dry run nothing', async () => {
      const answer = await send('PUT', { id: 'conv_none', title: 'x' });
      expect(answer.status).toBe(404);
      expect([candidate.asked, countSeen('conversations.update')]).toEqual([[], 0]);
    });
  });

  describe('on the embedded database', () => {
    beforeAll(async () => {
      gateway = await startTwinGateway(data, {
        routes: mirrorTable({ [ROUTE]: 'test.create' }, 1000),
        features: [CandidatesModule],
      });
      // The first write starts the database, for which it may be given up.
      await create('first');
    });
    afterAll(() => gateway.stop());

    it('finds what is right and what is wrong, and leaves nothing behind', async () => {
      const { match } = evidenceOf(ROUTE).classes;
      await eventually(async () => {
        await create('right');
        return evidenceOf(ROUTE).classes.match > match;
      });
      candidate.behaviour = 'stores another title';
      await eventually(async () => fieldsOf(await create('wrong')).includes('effects:/conversations/*/title'));
      const db = await databaseOfGateway().db();
      for (const table of ['conversation', 'replication_outbox', 'replication_owner'] as const)
        expect(await db.selectFrom(table).selectAll().execute()).toEqual([]);
    });

    it('gives the one connection back when a handler hangs', async () => {
      candidate.behaviour = 'hangs';
      await eventually(async () => (await create('x'))?.reason?.startsWith('timeout') === true);
      const db = await databaseOfGateway().db();
      expect(await db.selectFrom('conversation').selectAll().execute()).toEqual([]);
      candidate.goOn();
    });
  });
});
