import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { EmbeddedDatabase } from '../../src/database/embedded/embedded-database.js';
import { DatabaseUnavailableError } from '../../src/database/index.js';
import { MIGRATIONS } from '../../src/database/migrations/migrations.js';
import { PostgresDatabase } from '../../src/database/postgres/postgres-database.js';
import type { Logger } from '../../src/trace/index.js';
import { describeWith } from '../setup/parts.js';
import { makeAuthority, makeCertificate } from '../support/certificates.js';
import { eventually } from '../support/eventually.js';
import { compileSources } from '../support/gateway-process.js';
import { call } from '../support/http-call.js';
import { type PostgresServer, startPostgresServer } from '../support/postgres-server.js';
import { startTestGateway } from '../support/test-gateway.js';

const PROJECT = resolve(import.meta.dirname, '../..');
const AUDIT = {
  route: 'a',
  from_stage: 'proxy',
  from_weight: 0,
  to_stage: 'mirror',
  to_weight: 0,
  by: 'x',
  reason: 'y',
} as const;
const TABLE = `
policies: { authorization: { public: {} } }
routes: { health: { match: { path: /api/health }, handler: health, policies: { authorization: public } } }
`;

/** Keeps what a process would log. */
function makeLog(): { readonly told: string[]; readonly logger: Logger } {
  const told: string[] = [];
  const keep = (...said: unknown[]): void => void told.push(JSON.stringify(said));
  return { told, logger: { info: keep, warn: keep, error: keep } as unknown as Logger };
}

const databaseOf = async (url: string): Promise<{ status: string; checks: { database: string } }> =>
  (await call(url, '/api/health')).json() as { status: string; checks: { database: string } };

/** Writes until it is killed, and tells each row that was acknowledged. */
const WRITER = `
import { EmbeddedDatabase } from './dist/database/embedded/embedded-database.js';
const say = (text) => process.stdout.write(text + '\\n');
const logger = { info() {}, error() {} };
const database = new EmbeddedDatabase(process.argv[2], logger);
try {
  await database.db();
} catch (error) {
  say('refused ' + error.message);
  process.exit(3);
}
say('open');
for (let i = 0; ; i++) {
  await database.transaction(async (trx) => {
    await trx.insertInto('stage_audit').values({ ...${JSON.stringify(AUDIT)}, route: 'w' + i }).execute();
    await trx.insertInto('stage_override').values({ route: 'w' + i, stage: 'proxy', weight: 0, changed_by: 'x', reason: 'y' }).execute();
  });
  say('kept ' + i);
}
`;

describe('embedded data and the processes that use them', () => {
  let home = '';
  let data = '';
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'donna-database-'));
    data = join(home, '.data/postgres');
    await compileSources(join(PROJECT, 'src'), join(home, 'dist'));
    writeFileSync(join(home, 'package.json'), '{"type":"module"}');
    symlinkSync(join(PROJECT, 'node_modules'), join(home, 'node_modules'));
    writeFileSync(join(home, 'writer.js'), WRITER);
  }, 30_000);
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  const startWriter = (folder = data) => {
    const child = spawn(process.execPath, [join(home, 'writer.js'), folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    const said: string[] = [];
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      said.push(...lines);
    });
    const ended = once(child, 'exit');
    const kill = async (): Promise<void> => {
      child.kill('SIGKILL');
      await ended;
    };
    return { child, said, ended, kill };
  };

  it('that a killed process left half made are made anew', async () => {
    mkdirSync(join(`${data}.new`, 'base'), { recursive: true });
    writeFileSync(join(`${data}.new`, 'PG_VERSION'), '');
    const database = new EmbeddedDatabase(data, makeLog().logger);
    expect(database.hasData).toBe(false);
    await database.db();
    expect([database.hasData, existsSync(`${data}.new`)]).toEqual([true, false]);
    await database.close();
  }, 90_000);

  it('lose nothing that was acknowledged to kill -9, and are open to the next at once', async () => {
    let kept = -1;
    for (let round = 0; round < 2; round++) {
      const writer = startWriter();
      try {
        await eventually(() => writer.said.filter((line) => line.startsWith('kept')).length > 20, 60_000);
      } finally {
        await writer.kill();
      }
      const count = writer.said.filter((line) => line.startsWith('kept')).length;
      const { logger } = makeLog();
      const database = new EmbeddedDatabase(data, logger);
      const db = await database.db();
      const audits = await db.selectFrom('stage_audit').select('route').execute();
      const overrides = await db.selectFrom('stage_override').select('route').execute();
      // Each transaction whole: the last may have been kept before it was told.
      expect(audits.map(({ route }) => route)).toEqual(overrides.map(({ route }) => route));
      expect(audits.length).toBeGreaterThanOrEqual(count);
      expect(audits.length).toBeLessThanOrEqual(count + 1);
      kept = audits.length;
      await db.deleteFrom('stage_audit').execute();
      await db.deleteFrom('stage_override').execute();
      await database.close();
    }
    expect(kept).toBeGreaterThan(20);
  }, 120_000);

  it('are refused to a second process, and to a second one in this process, with what to do', async () => {
    const { told, logger } = makeLog();
    const database = new EmbeddedDatabase(data, logger);
    await database.db();
    const second = startWriter();
    try {
      const [code] = (await second.ended) as [number];
      expect([code, second.said]).toEqual([
        3,
        [
          expect.stringMatching(
            new RegExp(`^refused .*in use by another gateway \\(process ${process.pid}, since .*set DATABASE_URL`),
          ),
        ],
      ]);
      const twin = new EmbeddedDatabase(data, logger);
      for (let i = 0; i < 3; i++) await expect(twin.db()).rejects.toBeInstanceOf(DatabaseUnavailableError);
      expect(twin.state).toBe('down');
      // Told once, not for each who asks.
      expect(told.filter((line) => line.includes('in use by another gateway'))).toHaveLength(1);
      await database.close();
      await eventually(async () => (await twin.db().catch(() => undefined)) !== undefined, 30_000);
      expect(twin.state).toBe('up');
      await twin.close();
    } finally {
      await second.kill();
      await database.close();
    }
  }, 60_000);

  it('are opened again when the engine has broken down', async () => {
    const { told, logger } = makeLog();
    const database = new EmbeddedDatabase(data, logger);
    const heard: string[] = [];
    let listening = 0;
    database.listen('stages', { onMessage: (text) => heard.push(text), onListening: () => listening++ });
    const db = await database.db();
    const engine = Reflect.get(database, 'running') as { readonly pglite: { close(): Promise<void> } };
    await engine.pglite.close();
    await expect(sql`select 1`.execute(db)).rejects.toThrow();
    await eventually(() => told.some((line) => line.includes('broke down')));
    await eventually(async () => (await database.db().catch(() => undefined)) !== undefined, 30_000);
    await database.notify('stages', 'again');
    await eventually(() => heard.length === 1);
    expect(listening).toBe(2);
    await database.close();
  }, 60_000);

  it('do not hang on a transaction that waits for itself', async () => {
    const database = new EmbeddedDatabase(data, makeLog().logger, 300);
    const selfish = database.transaction(async (trx) => {
      await trx
        .insertInto('stage_audit')
        .values({ ...AUDIT, route: 'selfish' })
        .execute();
      await (await database.db()).selectFrom('stage_audit').selectAll().execute();
    });
    await expect(selfish).rejects.toThrow(/busy for 300 ms: .*would wait for itself/);
    const db = await database.db();
    const rows = await db.selectFrom('stage_audit').select('route').where('route', '=', 'selfish').execute();
    expect(rows).toEqual([]);
    await database.close();
  }, 60_000);

  it('are opened once, however many ask at the same time', async () => {
    const { told, logger } = makeLog();
    const database = new EmbeddedDatabase(data, logger);
    expect(database.state).toBe('off');
    const all = Promise.all(Array.from({ length: 50 }, () => database.db()));
    expect(database.state).toBe('starting');
    expect(new Set(await all).size).toBe(1);
    expect(told.filter((line) => line.includes('embedded database started'))).toHaveLength(1);
    await database.close();
  }, 60_000);

  it('that cannot be opened are told with their folder, and tried again', async () => {
    const blocked = join(home, 'blocked');
    writeFileSync(blocked, 'a file where the folder should be');
    const { told, logger } = makeLog();
    const database = new EmbeddedDatabase(blocked, logger);
    await expect(database.db()).rejects.toThrow(/blocked does not start/);
    expect(database.state).toBe('down');
    expect(told).toHaveLength(1);
    rmSync(blocked);
    cpSync(data, blocked, { recursive: true });
    await eventually(async () => (await database.db().catch(() => undefined)) !== undefined, 60_000);
    expect(database.state).toBe('up');
    await database.close();
  }, 90_000);

  it('are not made by a gateway that does not use them, nor by asking for its health', async () => {
    const gateway = await startTestGateway({ routes: TABLE });
    try {
      expect(await databaseOf(gateway.url)).toMatchObject({ status: 'healthy', checks: { database: 'off' } });
      expect(existsSync(join(dirname(gateway.routesFile), '.data/postgres'))).toBe(false);
    } finally {
      await gateway.stop();
    }
  });
});

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
    await db.insertInto('stage_audit').values(AUDIT).execute();
    const underWay = sql`select pg_sleep(30)`.execute(db);
    const cut = expect(underWay).rejects.toThrow();
    await server.kill();
    await cut;
    await until(database, 'down');
    const startedAt = performance.now();
    for (let i = 0; i < 20; i++) await expect(database.db()).rejects.toBeInstanceOf(DatabaseUnavailableError);
    expect(performance.now() - startedAt).toBeLessThan(500);
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
    expect(performance.now() - startedAt).toBeLessThan(8000);
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
    expect(runs.join('').match(/0001-stages/g)).toHaveLength(1);
    expect(all.flatMap(({ told }) => told.filter((line) => line.includes('cannot be used')))).toEqual([]);
    expect(await server.ask('together', 'select name from gateway_migration')).toHaveLength(
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
    const startedAt = performance.now();
    await other.database.notify('stages', 'changed');
    await eventually(() => heard.length === 1);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

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
    const gateway = await startTestGateway({ routes: TABLE, env: { DATABASE_URL: server.urlOf('postgres') } });
    try {
      expect(performance.now() - startedAt).toBeLessThan(8000);
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
      '0002-bad': bad,
    });
    opened.push(database);
    await database.onModuleInit();
    await expect(database.db()).rejects.toThrow(/Migration 0002-bad failed/);
    expect(database.state).toBe('down');
    expect(told.join('\n')).toContain('Migration 0002-bad failed');
    expect(await server.ask('unlucky', 'select name from gateway_migration')).toEqual([{ name: '0001-stages' }]);
  });

  it('is closed in time though it is silent', async () => {
    const { database } = await open();
    const db = await database.db();
    const underWay = sql`select pg_sleep(30)`.execute(db).catch(() => 'cut');
    server.freeze();
    const startedAt = performance.now();
    await database.close();
    expect(performance.now() - startedAt).toBeLessThan(4000);
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
