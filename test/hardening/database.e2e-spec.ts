import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseUnavailableError } from '../../src/database/index.js';
import { MIGRATIONS } from '../../src/database/migrations/migrations.js';
import { PostgresDatabase } from '../../src/database/postgres/postgres-database.js';
import { describeWith } from '../setup/parts.js';
import { makeAuthority, makeCertificate } from '../support/certificates.js';
import { AUDIT_ROW, databaseOf, DATABASE_TABLE, makeLog } from '../support/database-parts.js';
import { NOT_WAITED_MS } from '../support/elapsed.js';
import { eventually } from '../support/eventually.js';
import { holdsOnce } from '../support/holds-once.js';
import { type PostgresServer, startPostgresServer } from '../support/postgres-server.js';
import { startTestGateway } from '../support/test-gateway.js';

describeWith('postgres', 'a real Postgres and its faults', (program) => {
  let server: PostgresServer;
  const opened: PostgresDatabase[] = [];
  let made = 0;
  beforeAll(async () => {
    server = await startPostgresServer(program);
  }, 60_000);
  afterEach(async () => {
    server.thaw();
    await Promise.all(opened.splice(0).map((database) => database.close()));
  });
  afterAll(async () => server.stop());

  const open = async (url?: string): Promise<{ database: PostgresDatabase; told: string[] }> => {
    const { told, logger } = makeLog();
    const database = new PostgresDatabase(url ?? (await server.createDatabase(`faults_${made++}`)), logger);
    opened.push(database);
    await database.onModuleInit();
    return { database, told };
  };
  const until = (database: PostgresDatabase, state: string): Promise<void> =>
    eventually(() => database.state === state, 30_000);

  it('is missed when it is killed, told once, and used again when it is back, with every listener', async () => {
    const { database, told } = await open();
    const heard: string[] = [];
    let listening = 0;
    database.listen('stages', { onMessage: (text) => heard.push(text), onListening: () => listening++ });
    await eventually(() => listening === 1);
    const db = await database.db();
    await db.insertInto('stage_audit').values(AUDIT_ROW).execute();
    const underWay = sql`select pg_sleep(30)`.execute(db);
    const cut = expect(underWay).rejects.toThrow();
    await server.kill();
    await cut;
    await until(database, 'down');
    const startedAt = performance.now();
    for (let i = 0; i < 20; i++) await expect(database.db()).rejects.toBeInstanceOf(DatabaseUnavailableError);
    expect(performance.now() - startedAt).toBeLessThan(NOT_WAITED_MS);
    await server.start();
    await until(database, 'up');
    await eventually(() => listening === 2);
    await database.notify('stages', 'again');
    await eventually(() => heard.length === 1);
    const kept = await (await database.db()).selectFrom('stage_audit').select('route').execute();
    expect(kept).toEqual([{ route: 'a' }]);
    const faults = told.filter((line) => line.includes('cannot be used'));
    expect(faults.length).toBeGreaterThan(0);
    expect(new Set(faults).size).toBe(faults.length);
    expect(told.filter((line) => line.includes('the database is back'))).toHaveLength(1);
  }, 60_000);

  it('is given up when it falls silent, with what waits for it, and found again', async () => {
    const { database } = await open();
    const db = await database.db();
    server.freeze();
    const startedAt = performance.now();
    await expect(sql`select 1`.execute(db)).rejects.toThrow();
    expect(performance.now() - startedAt).toBeLessThan(NOT_WAITED_MS);
    await until(database, 'down');
    await expect(database.db()).rejects.toBeInstanceOf(DatabaseUnavailableError);
    server.thaw();
    await until(database, 'up');
    expect((await sql`select 1 as one`.execute(await database.db())).rows).toEqual([{ one: 1 }]);
  }, 60_000);

  it('may end every connection', async () => {
    const { database } = await open();
    const heard: string[] = [];
    let listening = 0;
    database.listen('stages', { onMessage: (text) => heard.push(text), onListening: () => listening++ });
    await eventually(() => listening === 1);
    await database.db();
    await server.ask(
      'postgres',
      'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()',
    );
    await eventually(() => listening === 2);
    await until(database, 'up');
    await database.notify('stages', 'x');
    await eventually(() => heard.length === 1);
  }, 30_000);

  it('is migrated once by instances that start together', async () => {
    const url = await server.createDatabase('together');
    const all = await Promise.all(Array.from({ length: 4 }, () => open(url)));
    await Promise.all(all.map(({ database }) => database.db()));
    const runs = all.flatMap(({ told }) => told.filter((line) => line.includes('database migrated')));
    for (const name of Object.keys(MIGRATIONS)) expect(runs.join('').split(name)).toHaveLength(2);
    expect(all.flatMap(({ told }) => told.filter((line) => line.includes('cannot be used')))).toEqual([]);
    expect(await server.ask('together', 'select name from gateway_migration order by name')).toHaveLength(
      Object.keys(MIGRATIONS).length,
    );
  }, 60_000);

  it('hears from another instance', async () => {
    const url = await server.createDatabase('two');
    const [one, other] = [await open(url), await open(url)];
    const heard: string[] = [];
    let isListening = false;
    one.database.listen('stages', { onMessage: (text) => heard.push(text), onListening: () => (isListening = true) });
    await eventually(() => isListening);
    await holdsOnce(async () => {
      const known = heard.length;
      const startedAt = performance.now();
      await other.database.notify('stages', 'changed');
      await eventually(() => heard.length > known);
      expect(performance.now() - startedAt).toBeLessThan(1000);
    });
  });

  // What `pg` says of a broken connection has no code: a request was answered with 500, and a migration blamed the owner it was at.
  it('tells whatever ends work in its midst as an outage, and is used again', async () => {
    const { database } = await open();
    const db = await database.db();
    const pidOf = async (trx: typeof db): Promise<number> =>
      (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx)).rows[0]?.pid ?? 0;
    const ended = (pid: number): Promise<void> =>
      eventually(
        async () => (await server.ask('postgres', `select from pg_stat_activity where pid = ${pid}`)).length === 0,
      );
    const cut = database.transaction(async (trx) => {
      const pid = await pidOf(trx);
      await server.ask('postgres', `select pg_terminate_backend(${pid})`);
      await ended(pid);
      await sql`select 1`.execute(trx);
    });
    await expect(cut).rejects.toBeInstanceOf(DatabaseUnavailableError);
    const idle = database.transaction(async (trx) => {
      const pid = await pidOf(trx);
      await sql`set local idle_in_transaction_session_timeout = 50`.execute(trx);
      await ended(pid);
      await sql`select 1`.execute(trx);
    });
    await expect(idle).rejects.toBeInstanceOf(DatabaseUnavailableError);
    const slow = database.transaction(async (trx) => {
      await sql`set local statement_timeout = 50`.execute(trx);
      await sql`select pg_sleep(30)`.execute(trx);
    });
    await expect(slow).rejects.toMatchObject({ name: 'DatabaseUnavailableError', code: '57014' });
    // A server that only reads: a standby, to which the address leads after a failover.
    const writing = database.transaction(async (trx) => {
      await sql`set transaction read only`.execute(trx);
      await trx.insertInto('stage_audit').values(AUDIT_ROW).execute();
    });
    await expect(writing).rejects.toMatchObject({ name: 'DatabaseUnavailableError', code: '25006' });
    await expect(sql`select 1 / 0`.execute(db)).rejects.toMatchObject({ name: 'error', code: '22012' });
    await until(database, 'up');
    await sql`select 1`.execute(await database.db());
  }, 60_000);

  it('serves many at once through few connections, each bounded in time', async () => {
    const { database } = await open();
    const db = await database.db();
    const bounds = await sql<{ name: string; setting: string }>`
      select name, setting from pg_settings
      where name in ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout') order by name`.execute(
      db,
    );
    expect(bounds.rows.map(({ setting }) => Number(setting))).toEqual([30_000, 5000, 10_000]);
    const work = Promise.all(Array.from({ length: 60 }, () => sql`select pg_sleep(0.1)`.execute(db)));
    const { rows } = await sql<{ n: string }>`
      select count(*) as n from pg_stat_activity where datname = current_database()`.execute(db);
    await work;
    expect(Number(rows[0]?.n)).toBeLessThanOrEqual(11);
  }, 30_000);

  it('may be away when the gateway starts, which neither waits for it nor tells its password', async () => {
    const { told, logger } = makeLog();
    await server.kill();
    const startedAt = performance.now();
    const gateway = await startTestGateway({ routes: DATABASE_TABLE, env: { DATABASE_URL: server.urlOf('postgres') } });
    try {
      expect(performance.now() - startedAt).toBeLessThan(NOT_WAITED_MS);
      expect(await databaseOf(gateway.url)).toMatchObject({ status: 'degraded', checks: { database: 'down' } });
      await server.start();
      await eventually(async () => (await databaseOf(gateway.url)).checks.database === 'up', 15_000);
      expect((await databaseOf(gateway.url)).status).toBe('healthy');
    } finally {
      await gateway.stop();
    }
    const wrong = new URL(server.urlOf('postgres'));
    wrong.password = 'hidden-password';
    const database = new PostgresDatabase(wrong.href, logger);
    opened.push(database);
    await database.onModuleInit();
    const refused = await database.db().catch((error: Error) => error.message);
    expect(refused).toMatch(/refuses the password \(28P01\).*npm run doctor/);
    expect([...told, refused].join('\n')).not.toMatch(/hidden-password|donna:/);
  }, 60_000);

  it('whose migration fails is not used, and is told with the migration’s name', async () => {
    const { told, logger } = makeLog();
    const bad = { up: async () => Promise.reject(new Error('no such thing')) };
    const database = new PostgresDatabase(await server.createDatabase('unlucky'), logger, {
      ...MIGRATIONS,
      '9999-bad': bad,
    });
    opened.push(database);
    await database.onModuleInit();
    await expect(database.db()).rejects.toThrow(/Migration 9999-bad failed/);
    expect(database.state).toBe('down');
    expect(told.join('\n')).toContain('Migration 9999-bad failed');
    expect(await server.ask('unlucky', 'select name from gateway_migration order by name')).toEqual(
      Object.keys(MIGRATIONS).map((name) => ({ name })),
    );
  });

  it('is left by a gateway that cannot have its port', async () => {
    const url = await server.createDatabase('portless');
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    try {
      const { port } = holder.address() as AddressInfo;
      const env = { DATABASE_URL: url, PORT: String(port) };
      await expect(startTestGateway({ routes: DATABASE_TABLE, env })).rejects.toMatchObject({ code: 'EADDRINUSE' });
      const connections = "select pid from pg_stat_activity where datname = 'portless'";
      await eventually(async () => (await server.ask('postgres', connections)).length === 0);
      // It had been there: it has migrated.
      expect(await server.ask('portless', 'select name from gateway_migration')).not.toEqual([]);
    } finally {
      holder.close();
    }
  }, 30_000);

  it('is closed in time though it is silent', async () => {
    const { database } = await open();
    const db = await database.db();
    const underWay = sql`select pg_sleep(30)`.execute(db).catch(() => 'cut');
    server.freeze();
    const startedAt = performance.now();
    await database.close();
    expect(performance.now() - startedAt).toBeLessThan(NOT_WAITED_MS);
    expect(await underWay).toBe('cut');
  }, 30_000);
});

describeWith('postgres', 'a Postgres behind TLS', (program) => {
  const authority = makeAuthority('Test authority');
  let server: PostgresServer;
  let folder = '';
  let url = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'donna-tls-'));
    writeFileSync(join(folder, 'ca.pem'), authority.cert);
    server = await startPostgresServer(program, { tls: makeCertificate({ issuer: authority, addresses: [] }) });
    url = await server.createDatabase('tls');
  }, 60_000);
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const look = async (parameters: string, host = '127.0.0.1'): Promise<unknown> => {
    const { logger } = makeLog();
    const database = new PostgresDatabase(`${url.replace('127.0.0.1', host)}?${parameters}`, logger);
    try {
      await database.onModuleInit();
      const { rows } = await sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`.execute(await database.db());
      return rows[0];
    } catch (error) {
      return (error as Error).message;
    } finally {
      await database.close();
    }
  };

  it('is talked to as sslmode says, and verified unless it says no-verify', async () => {
    const ca = `sslrootcert=${join(folder, 'ca.pem')}`;
    expect(await look('')).toEqual({ ssl: false });
    expect(await look('sslmode=no-verify')).toEqual({ ssl: true });
    for (const mode of ['require', 'verify-full'])
      expect(await look(`sslmode=${mode}`, 'localhost')).toMatch(/UNABLE_TO|SELF_SIGNED/);
    expect(await look(`sslmode=verify-full&${ca}`, 'localhost')).toEqual({ ssl: true });
    // The certificate is for localhost.
    expect(await look(`sslmode=verify-full&${ca}`)).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(await look(`sslmode=verify-ca&${ca}`)).toEqual({ ssl: true });
    expect(await look('sslmode=prefer')).toMatch(/sslmode .*must be one of/);
    expect(await look('sslmode=verify-full&sslrootcert=/nowhere/ca.pem')).toMatch(/sslrootcert .*cannot be read/);
  }, 60_000);
});
