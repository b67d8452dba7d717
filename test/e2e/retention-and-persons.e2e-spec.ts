import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { signIdentity } from '../../src/auth/index.js';
import { cleanup } from '../../src/cli/gateway/cleanup-command.js';
import { cleanupCommand } from '../../src/cli/gateway/commands/cleanup.command.js';
import { person } from '../../src/cli/gateway/person-command.js';
import { personCommand } from '../../src/cli/gateway/commands/person.command.js';
import { MailHashes } from '../../src/outbound/mail/mail-hashes.js';
import { ConversationRetention } from '../../src/features/conversations/conversation-retention.js';
import { ownerKey, type Replication } from '../../src/replication/index.js';
import type { Database } from '../../src/database/index.js';
import { PostgresDatabase } from '../../src/database/postgres/postgres-database.js';
import { parseRetentionPolicy, Retention, RETENTION_KINDS, RetentionTasks } from '../../src/retention/index.js';
import { makeAccessToken } from '../../src/tokens/index.js';
import type { Logger } from '../../src/trace/index.js';
import { requirePart } from '../setup/parts.js';
import { type DonnaData, startDonnaData, startTwinGateway, twinTable } from '../support/donna-data.js';
import { eventually } from '../support/eventually.js';
import { startGatewayProcess } from '../support/gateway-process.js';
import { call, type CallAnswer } from '../support/http-call.js';
import { describeWithFpm } from '../support/php-fpm.js';
import { type PostgresServer, startPostgresServer } from '../support/postgres-server.js';
import { bearer } from '../support/staged-site.js';
import { IDENTITY_SECRET, JWT_SECRET, type TestGateway } from '../support/test-gateway.js';

jest.setTimeout(120_000);

const PROJECT = resolve(import.meta.dirname, '../..');
const SHIPPED = join(PROJECT, 'legacy-php/retention.json');
const DAY_MS = 86_400_000;

describe('the retention policy', () => {
  const shipped = JSON.parse(readFileSync(SHIPPED, 'utf8')) as { keep: Record<string, unknown> };
  const faultsOf = (policy: unknown): string => {
    try {
      parseRetentionPolicy(JSON.stringify(policy));
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };

  it('is one file for both sides, with the kinds and bounds that PHP knows', () => {
    const { conversations, memory, tempAudio } = parseRetentionPolicy(readFileSync(SHIPPED, 'utf8'));
    expect([conversations, memory, tempAudio]).toEqual([30 * DAY_MS, 90 * DAY_MS, 3_600_000]);
    const php = readFileSync(join(PROJECT, 'legacy-php/lib/Retention/RetentionPolicy.php'), 'utf8');
    const [, list = ''] = /const KINDS = \[([^\]]*)\]/.exec(php) ?? [];
    expect([...list.matchAll(/'(\w+)'/g)].map(([, kind]) => kind)).toEqual([...RETENTION_KINDS]);
  });

  it.each(['0d', '-1d', '30', 30, '1y', '30d ', '4m', '3651d', '9999999999999h', '0.5d', null, [], {}])(
    'refuses %j by its key',
    (wrong) => {
      expect(faultsOf({ ...shipped, keep: { ...shipped.keep, conversations: wrong } })).toMatch(
        /^keep\.conversations: must be/,
      );
    },
  );

  it('refuses what it does not know, and what is missing', () => {
    const { memory: _, ...less } = shipped.keep;
    expect(faultsOf({ ...shipped, keep: { ...less, memroy: '1d' } })).toBe(
      'keep.memroy: is not known\nkeep.memory: is missing',
    );
    expect(faultsOf({ ...shipped, keeps: 1, version: 2 })).toBe('keeps: is not known\nversion: must be 1');
    for (const none of [[], null, 'x', 1]) expect(faultsOf(none)).toContain('not a JSON object');
  });
});

describe('the retention policy as rooms ask for it', () => {
  it('says how long, counts as the longest where it has a fault, and leaves rooms to themselves where there is none', () => {
    const folder = mkdtempSync(join(tmpdir(), 'policy-'));
    const file = join(folder, 'retention.json');
    const told: string[] = [];
    const logger = { warn: (_facts: unknown, text: string) => told.push(text) } as unknown as Logger;
    const retention = new Retention({} as Database, new RetentionTasks(), { file, everyMs: undefined }, logger);
    expect([retention.keptMs('sentMail', 7), told]).toEqual([7, []]);
    writeFileSync(file, readFileSync(SHIPPED, 'utf8').replace('"sentMail": "30d"', '"sentMail": "12h"'));
    expect(retention.keptMs('sentMail', 7)).toBe(DAY_MS / 2);
    writeFileSync(file, '{');
    expect([retention.keptMs('sentMail', 7), told.length]).toEqual([3650 * DAY_MS, 1]);
    rmSync(folder, { recursive: true });
  });
});

describeWithFpm('retention and persons, in both stores', (fpm) => {
  const postgres = requirePart('postgres');
  const php = requirePart('php');
  if (!postgres.isPresent || !php.isPresent) return it.todo('left out: needs postgres and php');
  let server: PostgresServer;
  let data: DonnaData;
  let gateway: TestGateway;
  let folder: string;
  let policy: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'retention-'));
    policy = join(folder, 'retention.json');
    copyFileSync(SHIPPED, policy);
    server = await startPostgresServer(postgres.path);
    data = await startDonnaData(fpm);
    gateway = await startTwinGateway(data, {
      routes: twinTable('replaced'),
      env: { DATABASE_URL: await server.createDatabase('donna'), RETENTION_FILE: policy },
    });
  });
  afterAll(async () => {
    await gateway.stop();
    await data.stop();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const rows = (statement: string): Promise<readonly Record<string, unknown>[]> => server.ask('donna', statement);
  const asked = (subject: string, method: string, path: string, body?: object): Promise<CallAnswer> =>
    call(gateway.url, path, {
      method,
      headers: { ...bearer(subject), 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const admin = (path: string, body: object, roles = ['admin']): Promise<CallAnswer> =>
    call(gateway.url, `/admin/api${path}`, {
      method: 'POST',
      headers: { ...bearer('root', roles), 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  /** Asks PHP as the gateway does. */
  const internally = (path: string, question: object): Promise<CallAnswer> => {
    const body = JSON.stringify(question);
    const bodyDigest = createHash('sha256').update(body).digest('base64url');
    return call(data.origin, path, {
      method: 'POST',
      headers: {
        'X-Gateway-Identity': signIdentity(IDENTITY_SECRET, 'internal', 'POST', path, { bodyDigest }),
        'Content-Type': 'application/json',
      },
      body,
    });
  };
  /** What a command of the CLI prints, and its exit code. */
  const said = async (work: () => Promise<number>): Promise<{ readonly code: number; readonly out: string }> => {
    let out = '';
    const spy = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      out += String(text);
      return true;
    });
    try {
      return { code: await work(), out };
    } finally {
      spy.mockRestore();
    }
  };
  const access = () => ({
    base: gateway.url,
    adminToken: () => makeAccessToken(JWT_SECRET, { subject: 'cli:op', roles: ['admin'], lifeS: 60 }),
    readToken: () => '',
    mint: () => undefined,
  });
  const runCleanup = (...args: readonly string[]) => {
    const read = cleanupCommand.read([...args, '--json']);
    if (read.kind !== 'run') throw new Error(JSON.stringify(read));
    return said(() => cleanup(read.options, access()));
  };
  const runPerson = (...args: readonly string[]) => {
    const read = personCommand.read([...args, '--json']);
    if (read.kind !== 'run') throw new Error(JSON.stringify(read));
    return said(() => person(read.options, access()));
  };
  const phpCleanup = (
    ...args: readonly string[]
  ): Promise<{ readonly items: readonly string[]; readonly counts: Record<string, { removed: number }> }> =>
    new Promise((done, fail) => {
      const script = join(PROJECT, 'legacy-php/scripts/cleanup_runtime_data.php');
      const env = { PATH: process.env['PATH'] ?? '', DONNA_DATA_DIR: data.folder };
      execFile(php.path, [script, '--json', '--verbose', '--config', policy, ...args], { env }, (error, out, err) =>
        error === null ? done(JSON.parse(out) as never) : fail(new Error(`${String(error.code)} ${err}`)),
      );
    });
  const documentOf = (ages: Readonly<Record<string, number>>): string =>
    JSON.stringify({
      conversations: Object.entries(ages).map(([id, days]) => {
        const at = new Date(Date.now() - days * DAY_MS).toISOString();
        return {
          id,
          title: `About ${id}`,
          created_at: at,
          updated_at: at,
          last_message_at: at,
          message_count: 1,
          status: 'active',
          last_message_preview: 'hello',
          metadata: '{}',
          messages: [{ role: 'user', content: `said in ${id}` }],
        };
      }),
    });
  const idsAtPhp = (subject: string): readonly string[] => {
    const { conversations = [] } = data.document('conversations', ownerKey(subject)) ?? {};
    return (conversations as { readonly id: string }[]).map(({ id }) => id);
  };
  const idsInRows = async (subject: string): Promise<readonly unknown[]> =>
    (await rows(`select id from conversation where owner = '${ownerKey(subject)}' order by position`)).map(
      ({ id }) => id,
    );

  it('lets the same conversations go as PHP does, on both sides, and keeps what is used on the other one meanwhile', async () => {
    const subjects = ['ann', 'bob', 'cyd'];
    for (const subject of subjects) {
      data.plant(
        'conversations',
        ownerKey(subject),
        documentOf({ [`${subject}_old`]: 40, [`${subject}_used`]: 35, [`${subject}_young`]: 20 }),
      );
      expect((await asked(subject, 'GET', '/api/conversations.php')).status).toBe(200);
    }
    const ofConversations = (items: readonly string[]): readonly string[] =>
      items.filter((item) => item.startsWith('conversations ')).toSorted();
    const dryNative = JSON.parse((await runCleanup('--dry-run', '--verbose')).out) as {
      readonly items: readonly string[];
    };
    const dryPhp = await phpCleanup('--dry-run');
    expect(ofConversations(dryNative.items)).toHaveLength(6);
    expect(ofConversations(dryNative.items)).toEqual(ofConversations(dryPhp.items));
    expect(await idsInRows('ann')).toHaveLength(3);

    // PHP has heard from somebody; the rows do not know of it.
    data.plant('conversations', ownerKey('bob'), documentOf({ bob_old: 40, bob_used: 0, bob_young: 20 }));
    const real = JSON.parse((await runCleanup('--verbose')).out) as {
      readonly state: string;
      readonly items: readonly string[];
    };
    expect(real.state).toBe('complete');
    expect(
      ofConversations(real.items)
        .map((item) => item.split('#')[1])
        .toSorted(),
    ).toEqual(['ann_old', 'ann_used', 'bob_old', 'cyd_old', 'cyd_used']);
    await eventually(async () => (await rows('select 1 from replication_outbox')).length === 0);
    for (const subject of subjects) {
      const left = subject === 'bob' ? ['bob_used', 'bob_young'] : [`${subject}_young`];
      expect(idsAtPhp(subject)).toEqual(left);
      expect(await idsInRows(subject)).toEqual(left);
    }
    const listed = (await asked('bob', 'GET', '/api/conversations.php')).json() as {
      readonly data: { readonly id: string }[];
    };
    expect(listed.data.map(({ id }) => id)).toEqual(['bob_used', 'bob_young']);
    expect((await phpCleanup()).items.filter((item) => item.startsWith('conversations '))).toEqual([]);
  });

  it('reaches everybody in the end, however many owners come first who cannot be changed', async () => {
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined } as unknown as Logger;
    const url = await server.createDatabase('stuck');
    const database = new PostgresDatabase(url, log);
    await database.onModuleInit();
    const owners = Array.from({ length: 30 }, (_, index) => ownerKey(`stuck ${index}`));
    const last = 'f'.repeat(40);
    const old = (owner: string): string =>
      `('${owner}', 'c', 0, 't', now(), now() - interval '40 days', 0, 'active', '{}')`;
    await server.ask(
      'stuck',
      `insert into conversation (owner, id, position, title, created_at, updated_at, message_count, status, metadata) values ${[...owners, last].map(old).join(',')}`,
    );
    const tried = new Set<string>();
    const replication = {
      writeOwner: async (_collection: unknown, owner: string): Promise<void> => {
        tried.add(owner);
        if (owner !== last) throw new Error('damaged');
        await server.ask('stuck', `delete from conversation where owner = '${last}'`);
      },
    } as unknown as Replication;
    const before = new Date(Date.now() - 30 * DAY_MS);
    const work = { database, before, isDryRun: false, traceId: 't', note: () => undefined, isLate: () => false };
    const found = await new ConversationRetention(replication).run(work);
    expect(found.faults).toHaveLength(20);
    await eventually(async () => {
      await new ConversationRetention(replication).run(work);
      return tried.size === 31;
    });
    expect(await server.ask('stuck', 'select 1 from conversation')).toHaveLength(30);
    await database.close();
  });

  it('removes rows of every kind by their age, once, and records the run', async () => {
    const aged = (days: number): string => `now() - interval '${days} days'`;
    await rows(`insert into voice_event (id, owner, session_id, type, occurred_at, recorded_at)
      values ('old', 'o', 's', 't', now(), ${aged(31)}), ('young', 'o', 's', 't', now(), ${aged(29)})`);
    await rows(
      `insert into experiment_sample (route, epoch, at, trace_id, observation) values ('r', 'e', ${aged(31)}, 't', '{}'), ('r', 'e', ${aged(1)}, 't', '{}')`,
    );
    await rows(`insert into replication_owner (collection, owner, origin, confirmed_at)
      values ('settings', 'forgotten', 'x', ${aged(91)}), ('settings', 'waits', 'x', ${aged(91)}), ('settings', 'lately', 'x', ${aged(1)})`);
    // Of a collection that nobody delivers: it stays where it is.
    await rows(
      `insert into replication_outbox (collection, owner, change, trace_id, retry_at) values ('settings', 'waits', '{}', 't', now() + interval '1 day')`,
    );
    const before = parseRetentionPolicy(readFileSync(policy, 'utf8'));
    expect(before.voiceEvents).toBe(30 * DAY_MS);
    const dry = JSON.parse((await runCleanup('--dry-run')).out) as { readonly counts: Record<string, number> };
    const real = JSON.parse((await runCleanup()).out) as { readonly counts: Record<string, number> };
    expect(real.counts).toEqual(dry.counts);
    expect(real.counts).toMatchObject({
      voiceEvents: 1,
      experimentSamples: 1,
      replicationStates: 1,
      erasureRecords: 0,
    });
    expect(await rows("select owner from replication_owner where origin = 'x' order by owner")).toEqual([
      { owner: 'lately' },
      { owner: 'waits' },
    ]);
    expect(await rows('select id from voice_event')).toEqual([{ id: 'young' }]);
    const shown = await call(gateway.url, '/admin/api/retention', { headers: bearer('root', ['admin']) });
    const { data: status } = shown.json() as {
      readonly data: {
        readonly isScheduled: boolean;
        readonly runs: { readonly state: string; readonly by: string }[];
      };
    };
    expect(status.isScheduled).toBe(false);
    expect(status.runs[0]).toMatchObject({ state: 'complete', by: 'cli:op', found: { counts: { voiceEvents: 1 } } });
    const { text } = await gateway.metrics.render();
    expect(text).toMatch(/^donna_retention_runs_total\{state="complete"\} [1-9]/m);
    const [, at] = /^donna_retention_last_success_timestamp_seconds (.+)$/m.exec(text) ?? [];
    expect(Math.abs(Number(at) * 1000 - Date.now())).toBeLessThan(120_000);
    expect(text).not.toMatch(/^donna_retention_interval_seconds /m);
    await rows(
      "delete from replication_outbox where owner = 'waits'; delete from replication_owner where origin = 'x'; truncate voice_event",
    );
  });

  it('runs one at a time, goes on after one whose process is gone, and touches nothing by a policy with a fault', async () => {
    await rows(
      `insert into retention_run (state, is_dry_run, by, instance, lease_until, found) values ('running', false, 'another', 'i', now() + interval '1 minute', '{}')`,
    );
    const busy = await admin('/retention', {});
    expect([busy.status, busy.text]).toEqual([409, expect.stringContaining('by another since')]);
    await rows(`update retention_run set lease_until = now() - interval '1 second' where state = 'running'`);
    expect((await admin('/retention', {})).status).toBe(200);
    expect(await rows("select state from retention_run where by = 'another'")).toEqual([{ state: 'abandoned' }]);
    writeFileSync(policy, readFileSync(SHIPPED, 'utf8').replace('"30d"', '"0d"'));
    const faulty = await admin('/retention', {});
    copyFileSync(SHIPPED, policy);
    expect([faulty.status, faulty.text]).toEqual([409, expect.stringContaining('keep.conversations: must be')]);
    expect((await admin('/retention', {}, ['user'])).status).toBe(403);
    expect((await admin('/retention', { dryRun: 'yes' })).status).toBe(422);
  });

  it('runs by itself where it is scheduled, on one of two instances at a time, and for both of them once', async () => {
    const log: string[] = [];
    const note = (_facts: unknown, message: string): number => log.push(message);
    const logger = { info: note, warn: note, error: note } as unknown as Logger;
    const database = new PostgresDatabase(server.urlOf('donna'), logger);
    await database.onModuleInit();
    const tasks = new RetentionTasks();
    let [running, most] = [0, 0];
    tasks.register({
      kind: 'memory',
      run: async () => {
        most = Math.max(most, ++running);
        await rows('select 1');
        running -= 1;
        return { removed: 0 };
      },
    });
    const instances = [1, 2].map(() => new Retention(database, tasks, { file: policy, everyMs: 20 }, logger));
    for (const instance of instances) instance.onApplicationBootstrap();
    await eventually(
      async () => (await rows("select 1 from retention_run where by = 'schedule' and state = 'complete'")).length > 5,
    );
    for (const instance of instances) await instance.beforeApplicationShutdown();
    await database.close();
    expect(most).toBe(1);
    expect(log).not.toContain('retention.failed');
    expect(await rows("select 1 from retention_run where state = 'running'")).toEqual([]);
    const apart = `select extract(epoch from started_at - lag(started_at) over (order by id)) * 1000 as ms from retention_run where by = 'schedule'`;
    expect(await rows(`select ms from (${apart}) as runs where ms < 14`)).toEqual([]);
  });

  /** Somebody with data in each store. */
  const settleIn = async (subject: string): Promise<void> => {
    data.plant('conversations', ownerKey(subject), documentOf({ [`${subject}_1`]: 1 }));
    expect((await asked(subject, 'POST', '/api/conversations.php', { title: `Native of ${subject}` })).status).toBe(
      201,
    );
    expect((await asked(subject, 'POST', '/api/chatbot_settings.php', { greeting: `Hi from ${subject}` })).status).toBe(
      200,
    );
    mkdirSync(join(data.folder, 'memory'), { recursive: true });
    writeFileSync(join(data.folder, 'memory', `${ownerKey(subject)}.json`), JSON.stringify({ name: subject }));
    await rows(
      `insert into voice_event (id, owner, session_id, type, occurred_at) values ('${randomUUID()}', '${ownerKey(subject)}', 's', 'call.started', now())`,
    );
  };
  const traces = async (subject: string): Promise<readonly string[]> => {
    const owner = ownerKey(subject);
    const found: string[] = [];
    for (const table of [
      'conversation',
      'conversation_message',
      'chatbot_setting',
      'replication_owner',
      'replication_outbox',
      'voice_event',
    ])
      if ((await rows(`select 1 from ${table} where owner = '${owner}'`)).length > 0) found.push(table);
    if (
      (
        await rows(
          `select 1 from person_record where manifest::text like '%${subject}%' or subject_hash like '%${owner}%'`,
        )
      ).length > 0
    )
      found.push('person_record');
    for (const file of readdirSync(data.folder, { recursive: true, withFileTypes: true }))
      if (file.isFile() && file.parentPath !== join(data.folder, 'erased')) {
        const path = join(file.parentPath, file.name);
        if (path.includes(owner) || readFileSync(path, 'utf8').includes(subject)) found.push(path);
      }
    return found;
  };

  it('hands a person all there is in one file, then erases it in both stores, proves it, and harms nobody else', async () => {
    await settleIn('zoe');
    await settleIn('yan');
    data.plant(
      'conversations',
      '../contacts',
      JSON.stringify([{ id: 'c1', name: 'Z', email: 'Zoe@xn--bcher-kva.example' }]),
    );
    // More than comes in one answer, and a mail that waits.
    await rows(`insert into voice_event (id, owner, session_id, type, occurred_at)
      select 'zoe' || n, '${ownerKey('zoe')}', 's', 't', now() from generate_series(1, 12000) as n`);
    const hashes = new MailHashes(IDENTITY_SECRET);
    for (const subject of ['zoe', 'yan']) {
      const [id, hash] = [randomUUID(), hashes.owner(subject)];
      await rows(`insert into mail (id, caller, idempotency_key, content_hash, message_id, owner_hash, recipient_hashes, content, bytes, state)
        values ('${id}', 'php', '${id}', '', '', '${hash}', '[]', '{"subject":"of ${subject}"}', 20, 'dead')`);
    }
    const out = join(folder, 'zoe.json');
    expect((await runPerson('export', 'zoe', '--out', out)).code).toBe(0);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    const exported = JSON.parse(readFileSync(out, 'utf8')) as {
      readonly manifest: {
        readonly subject: string;
        readonly parts: Record<string, { count: number; sha256: string }>;
      };
      readonly parts: Record<string, unknown[]>;
    };
    expect(exported.manifest.subject).toBe('zoe');
    expect(Object.keys(exported.manifest.parts)).toEqual(Object.keys(exported.parts));
    for (const [name, { count, sha256 }] of Object.entries(exported.manifest.parts)) {
      expect([name, exported.parts[name]?.length]).toEqual([name, count]);
      expect(createHash('sha256').update(JSON.stringify(exported.parts[name])).digest('hex')).toBe(sha256);
    }
    expect(exported.parts['php.conversations']).toHaveLength(2);
    expect(exported.parts['gateway.conversations']).toEqual(exported.parts['php.conversations']);
    expect(exported.parts['php.memory']).toEqual([{ name: 'zoe' }]);
    expect(new Set((exported.parts['gateway.voiceEvents'] as { id: string }[]).map(({ id }) => id)).size).toBe(12_001);
    expect(exported.parts['gateway.mail']).toMatchObject([{ state: 'dead', content: '{"subject":"of zoe"}' }]);
    await expect(runPerson('export', 'zoe', '--out', out)).rejects.toThrow('it is there already');

    const kept = await traces('yan');
    const dry = JSON.parse((await runPerson('erase', 'zoe', '--dry-run')).out) as {
      readonly gateway: Record<string, { count: number }>;
    };
    expect(dry.gateway['conversations']?.count).toBe(2);
    const erased = await runPerson('erase', 'zoe', '--reason', 'ticket 812', '--email', 'zoe@bücher.example');
    expect(erased.code).toBe(0);
    const { manifest, signature } = JSON.parse(erased.out) as {
      readonly manifest: Record<string, Record<string, Record<string, { count: number }>>>;
      readonly signature: string;
    };
    expect(signature).toMatch(/^[0-9a-f]{64}$/);
    expect(manifest['before']?.['php']?.['conversations']?.count).toBe(2);
    expect(manifest['before']?.['gateway']?.['voiceEvents']?.count).toBe(12_001);
    expect(manifest['before']?.['php']?.['contacts']?.count).toBe(1);
    expect(await rows('select content from mail')).toEqual([{ content: '{"subject":"of yan"}' }]);
    const counts = Object.values(manifest['after'] ?? {}).flatMap((parts) =>
      Object.values(parts).map(({ count }) => count),
    );
    expect(new Set(counts)).toEqual(new Set([0]));
    expect(await traces('zoe')).toEqual([]);
    expect(await traces('yan')).toEqual(kept);
    const [record] = await rows(
      "select by, reason, state, subject_hash from person_record where action = 'erase' order by id desc limit 1",
    );
    expect(record).toMatchObject({ by: 'cli:op', reason: 'ticket 812', state: 'complete' });
    // Done again, it finds nothing and does no harm.
    expect((await runPerson('erase', 'zoe', '--reason', 'again')).code).toBe(0);
    expect(await traces('zoe')).toEqual([]);
  });

  it('ends the sign-ins of who is erased, and refuses what comes late', async () => {
    await settleIn('ida');
    const old = bearer('ida');
    expect((await runPerson('erase', 'ida', '--reason', 'r')).code).toBe(0);
    const ofOld = await call(gateway.url, '/api/conversations.php', { headers: old });
    expect(ofOld.status).toBe(401);
    // A token that is newer than the revocation, as of who signs in again at once.
    let fresh = bearer('ida');
    await eventually(async () => {
      fresh = bearer('ida');
      return (await call(gateway.url, '/api/conversations.php', { headers: fresh })).status === 200;
    });
    const post = (path: string, body: object): Promise<CallAnswer> =>
      call(gateway.url, path, {
        method: 'POST',
        headers: { ...fresh, 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
    expect((await post('/api/conversations.php', { title: 'late' })).status).toBe(503);
    expect((await post('/api/chatbot_settings.php', { greeting: 'late' })).status).toBe(503);
    const empty = (await call(gateway.url, '/api/conversations.php', { headers: fresh })).json();
    expect(empty).toMatchObject({ data: [], count: 0 });
    expect(
      (await post('/api/voice/events', { type: 'turn', session_id: 's', at: new Date().toISOString() })).status,
    ).toBe(202);
    // Taken, and not recorded: nobody is told of it either.
    await eventually(async () =>
      /donna_voice_events_total\{outcome="known"\} 1\n/.test((await call(gateway.url, '/metrics')).text),
    );
    expect(await traces('ida')).toEqual([]);
    // Minutes later a new life may begin.
    await rows('delete from person_tombstone');
    rmSync(join(data.folder, 'erased'), { recursive: true });
    expect((await post('/api/conversations.php', { title: 'anew' })).status).toBe(201);
  });

  it('lets no change that waited for PHP bring a person back', async () => {
    await settleIn('kai');
    data.php.freeze();
    const created = await asked('kai', 'POST', '/api/conversations.php', { title: 'kai waits' });
    expect(created.status).toBe(201);
    expect(await rows(`select 1 from replication_outbox where owner = '${ownerKey('kai')}'`)).toHaveLength(1);
    data.php.thaw();
    expect((await runPerson('erase', 'kai', '--reason', 'r')).code).toBe(0);
    expect(await traces('kai')).toEqual([]);
    // A delivery that was on its way: PHP refuses it.
    const late = await internally('/api/internal/documents.php', {
      action: 'apply',
      collection: 'conversations',
      owner: ownerKey('kai'),
      origin: 'a'.repeat(32),
      since: 0,
      changes: [{ seq: 1, kind: 'create', id: 'late', title: 'kai', metadata: '{}', at: new Date().toISOString() }],
    });
    expect(late.status).toBe(503);
    expect(await traces('kai')).toEqual([]);
  });

  it('leaves nothing of what is written on both sides while it erases', async () => {
    await settleIn('pia');
    const old = bearer('pia');
    const json = { 'Content-Type': 'application/json' };
    const native = async (): Promise<void> => {
      const body = JSON.stringify({ title: 'pia writes' });
      for (let i = 0; i < 8; i++)
        await call(gateway.url, '/api/conversations.php', { method: 'POST', headers: { ...old, ...json }, body });
    };
    // As a request of PHP's own that was admitted before.
    const atPhp = async (): Promise<readonly number[]> => {
      const identity = { subject: 'pia', roles: ['user'], via: 'jwt' } as const;
      const statuses: number[] = [];
      for (let i = 0; i < 2000 && statuses.at(-1) !== 503; i++) {
        const assertion = signIdentity(IDENTITY_SECRET, identity, 'POST', '/api/chatbot_settings.php');
        const headers = { 'X-Gateway-Identity': assertion, ...json };
        const body = JSON.stringify({ greeting: 'pia' });
        statuses.push((await call(data.origin, '/api/chatbot_settings.php', { method: 'POST', headers, body })).status);
      }
      return statuses;
    };
    const writers = [native(), native(), native(), native()];
    const [statuses, erased] = await Promise.all([atPhp(), runPerson('erase', 'pia', '--reason', 'r'), ...writers]);
    expect([0, 1]).toContain(erased.code);
    expect(statuses.at(-1)).toBe(503);
    expect(await traces('pia')).toEqual([]);
    await rows('delete from person_tombstone');
    rmSync(join(data.folder, 'erased'), { recursive: true });
    // Nothing was waiting for the tombstones to go.
    expect((await asked('yan', 'GET', '/api/conversations.php')).status).toBe(200);
    await eventually(async () => (await rows('select 1 from replication_outbox')).length === 0);
    expect(await traces('pia')).toEqual([]);
  });

  it('completes an erasure that died between the two stores', async () => {
    await settleIn('leo');
    expect((await internally('/api/internal/person.php', { action: 'erase', subject: 'leo' })).status).toBe(200);
    expect(existsSync(join(data.folder, 'conversations', `${ownerKey('leo')}.json`))).toBe(false);
    expect(await idsInRows('leo')).toHaveLength(2);
    // The rows must not be put in the place of the document that is gone.
    await asked('leo', 'GET', '/api/conversations.php');
    expect(existsSync(join(data.folder, 'conversations', `${ownerKey('leo')}.json`))).toBe(false);
    expect((await runPerson('erase', 'leo', '--reason', 'r')).code).toBe(0);
    expect(await traces('leo')).toEqual([]);
  });

  it('hands over and erases a document that is spoilt as well, and one that is larger than any should be', async () => {
    await settleIn('nia');
    data.plant('conversations', ownerKey('nia'), Buffer.concat([Buffer.from('{"nia'), Buffer.from([0xff, 0x22])]));
    data.plant('settings', ownerKey('nia'), JSON.stringify(Array.from({ length: 2_500_000 }, (_, n) => n)));
    const out = join(folder, 'nia.json');
    expect((await runPerson('export', 'nia', '--out', out)).code).toBe(0);
    const { parts } = JSON.parse(readFileSync(out, 'utf8')) as { readonly parts: Record<string, unknown[]> };
    expect(parts['php.settings']).toEqual([{ file: `settings/${ownerKey('nia')}.json`, bytes: expect.any(Number) }]);
    expect(parts['php.conversations']).toEqual([{ spoilt: '{"nia\ufffd"' }]);
    expect((await runPerson('erase', 'nia', '--reason', 'r')).code).toBe(0);
    expect(await traces('nia')).toEqual([]);
  });

  it('completes an erasure whose gateway was killed in the midst of the rows', async () => {
    await settleIn('max');
    // Nobody else is to wait for the lock below.
    await eventually(async () => (await rows('select 1 from replication_outbox')).length === 0);
    const url = server.urlOf('donna');
    const doomed = await startGatewayProcess(twinTable('replaced'), data.origin, { DATABASE_URL: url });
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined } as unknown as Logger;
    const database = new PostgresDatabase(url, log);
    await database.onModuleInit();
    const { sql } = await import('kysely');
    try {
      await database.transaction(async (trx) => {
        // The last of the locks that an erasure takes: it waits there, PHP's files gone and the first rows removed.
        await sql`select * from replication_lock('settings', ${ownerKey('max')})`.execute(trx);
        const erasing = call(doomed.url, '/admin/api/persons/erase', {
          method: 'POST',
          headers: { ...bearer('root', ['admin']), 'Content-Type': 'application/json' },
          body: JSON.stringify({ subject: 'max', reason: 'r' }),
        }).catch(() => undefined);
        const document = join(data.folder, 'conversations', `${ownerKey('max')}.json`);
        const waiting = "select 1 from pg_locks where locktype = 'advisory' and not granted";
        await eventually(async () => !existsSync(document) && (await rows(waiting)).length > 0);
        await doomed.end('SIGKILL');
        expect(await erasing).toBeUndefined();
      });
      // Nothing of its transaction counts.
      expect(await idsInRows('max')).toHaveLength(2);
      const states = "select state from person_record where action = 'erase' order by id desc limit 2";
      expect((await rows(states))[0]).toEqual({ state: 'begun' });
      expect((await runPerson('erase', 'max', '--reason', 'r')).code).toBe(0);
      expect(await traces('max')).toEqual([]);
      expect(await rows(states)).toEqual([{ state: 'complete' }, { state: 'begun' }]);
    } finally {
      await doomed.stop();
      await database.close();
    }
  });

  it('removes nothing anywhere when PHP is away, says so, and is done again', async () => {
    await settleIn('mia');
    data.php.freeze();
    const failed = admin('/persons/erase', { subject: 'mia', reason: 'r' });
    expect((await failed).status).toBe(504);
    data.php.thaw();
    expect(await idsInRows('mia')).toHaveLength(2);
    expect((await runPerson('erase', 'mia', '--reason', 'r')).code).toBe(0);
    expect(await traces('mia')).toEqual([]);
  });

  it('is for administrators, and says what it lacks', async () => {
    for (const path of ['/persons/export', '/persons/erase'])
      expect((await admin(path, { subject: 'x', reason: 'r' }, ['user'])).status).toBe(403);
    const answers = [
      await admin('/persons/erase', { subject: 'x' }),
      await admin('/persons/erase', { subject: '', reason: 'r' }),
      await admin('/persons/erase', { subject: 'x', reason: 'r', email: 'no' }),
      // What one side would take and the other not.
      await admin('/persons/erase', { subject: 'x', reason: 'r', email: 'ñ@b.example' }),
      await admin('/persons/export', { subject: 'x', store: 'php' }),
      await admin('/persons/export', { subject: 'x', store: 'php', part: '../users' }),
    ];
    expect(
      answers.map(({ status, json }) => [
        status,
        Object.keys((json() as { validationErrors: object }).validationErrors),
      ]),
    ).toEqual([
      [422, ['reason']],
      [422, ['subject']],
      [422, ['email']],
      [422, ['email']],
      [422, ['part']],
      [422, ['part']],
    ]);
  });
});
