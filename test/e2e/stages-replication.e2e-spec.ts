import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { printReplication, replicationFooter } from '../../src/cli/gateway/print-replication.js';
import { describeWith } from '../setup/parts.js';
import { eventually, settle } from '../support/eventually.js';
import { findFreePort } from '../support/free-port.mjs';
import { call, type CallAnswer } from '../support/http-call.js';
import { type PostgresServer, startPostgresServer } from '../support/postgres-server.js';
import { bearer } from '../support/staged-site.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

jest.setTimeout(120_000);

interface Waiting {
  readonly isKnown: boolean;
  readonly hasBridge: boolean;
  readonly pending: number;
  readonly owners: number;
  readonly oldestMs: number;
  readonly lastFailure: { readonly at: string; readonly fault: string } | null;
}

describeWith('postgres', 'what waits for PHP', (program) => {
  let server: PostgresServer;
  let gateway: TestGateway;
  beforeAll(async () => {
    server = await startPostgresServer(program);
    // The shipped table, before a PHP that does not answer.
    gateway = await startTestGateway({
      phpTargets: [`http://127.0.0.1:${await findFreePort()}`],
      env: { DATABASE_URL: await server.createDatabase('waiting') },
    });
  });
  afterAll(async () => {
    await gateway.stop();
    await server.stop();
  });

  /** The shipped limits hold for this test too: it asks now and then. */
  const nowAndThen = async (isSo: () => Promise<boolean>): Promise<void> =>
    eventually(async () => (await settle(250)) === undefined && isSo(), 30_000);
  const ask = (headers = bearer('boss', ['admin'])): Promise<CallAnswer> =>
    call(gateway.url, '/admin/api/replication', { headers });
  const waiting = async (): Promise<Waiting> => ((await ask()).json() as { data: Waiting }).data;

  it('is told to administrators alone: how much, of how many, for how long, and what is in the way', async () => {
    expect((await ask({})).status).toBe(401);
    expect((await ask(bearer('eve'))).status).toBe(403);
    const first = await ask();
    expect(first.status).toBe(200);
    expect(first.headers['cache-control']).toBe('no-store');
    const nothing = await waiting();
    expect(nothing).toEqual({ isKnown: true, hasBridge: true, pending: 0, owners: 0, oldestMs: 0, lastFailure: null });
    expect(printReplication(nothing)).toContain('Nothing waits for PHP');
    expect(replicationFooter(nothing)).toBeUndefined();

    // As two handlers leave them that have acknowledged writes which PHP could not take.
    await server.ask(
      'waiting',
      `insert into replication_owner (collection, owner, origin)
       select 'conversations', owner, 'origin' from unnest(array[repeat('a', 40), repeat('b', 40)]) as owner`,
    );
    await server.ask(
      'waiting',
      `insert into replication_outbox (collection, owner, change, trace_id, at, retry_at)
       select 'conversations', owner, '{"kind":"remove","id":"x","at":"2026-11-23T08:00:00.000Z"}', 't', now() - interval '90 seconds', now()
       from unnest(array[repeat('a', 40), repeat('b', 40), repeat('b', 40)]) as owner`,
    );
    await nowAndThen(async () => (await waiting()).lastFailure !== null);
    const found = await waiting();
    expect(found).toMatchObject({ isKnown: true, pending: 3, owners: 2 });
    expect(found.oldestMs).toBeGreaterThan(89_000);
    expect(JSON.stringify(found)).not.toMatch(/127\.0\.0\.1|aaaa/);
    const { text } = await gateway.metrics.render();
    expect(text).toContain('\ndonna_replication_pending 3\n');
    expect(text).toContain('\ndonna_replication_pending_owners 2\n');
    expect(Number(/^donna_replication_oldest_seconds (.+)$/m.exec(text)?.[1])).toBeGreaterThan(89);
    const printed = printReplication(found);
    expect(printed).toMatch(/^3 changes of 2 owners wait for PHP, the oldest for \d+ s\./);
    expect(printed).toContain('The last failure of this instance');
    expect(replicationFooter(found)).toMatch(/3 changes of 2 owners wait for PHP.*npm run gateway -- replication/);
  });

  it('is not guessed at while the database is gone', async () => {
    await server.kill();
    try {
      await nowAndThen(async () => (await ask()).status === 503);
      expect((await ask()).json()).toMatchObject({ errorCode: 'UPSTREAM_UNAVAILABLE', success: false });
    } finally {
      await server.start();
    }
  });
});
