import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { EmbeddedDatabase } from '../../src/database/embedded/embedded-database.js';
import { DatabaseUnavailableError } from '../../src/database/index.js';
import { AUDIT_ROW, databaseOf, DATABASE_TABLE, makeLog } from '../support/database-parts.js';
import { eventually } from '../support/eventually.js';
import { compileSources, startGatewayProcess } from '../support/gateway-process.js';
import { startTestGateway } from '../support/test-gateway.js';

const PROJECT = resolve(import.meta.dirname, '../..');
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
    await trx.insertInto('stage_audit').values({ ...${JSON.stringify(AUDIT_ROW)}, route: 'w' + i }).execute();
    await trx.insertInto('stage_override').values({ route: 'w' + i, stage: 'proxy', weight: 0, changed_by: 'x', reason: 'y' }).execute();
  });
  say('kept ' + i);
}
`;

/** Opens the database, leaves it open, and has nothing more to do. */
const IDLER = `
import { EmbeddedDatabase } from './dist/database/embedded/embedded-database.js';
const logger = { info() {}, error() {} };
await (await new EmbeddedDatabase(process.argv[2], logger).db()).selectFrom('stage_audit').selectAll().execute();
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
    writeFileSync(join(home, 'idler.js'), IDLER);
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

  it('do not keep a process from ending', async () => {
    const child = spawn(process.execPath, [join(home, 'idler.js'), data], { stdio: 'inherit' });
    expect(await once(child, 'exit')).toEqual([0, null]);
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

  it('that cannot be opened are told with their folder, and tried again behind the backs of those who ask', async () => {
    const blocked = join(home, 'blocked');
    writeFileSync(blocked, 'a file where the folder should be');
    const { told, logger } = makeLog();
    const database = new EmbeddedDatabase(blocked, logger);
    await expect(database.db()).rejects.toThrow(/blocked does not start/);
    expect(database.state).toBe('down');
    expect(told).toHaveLength(1);
    rmSync(blocked);
    cpSync(data, blocked, { recursive: true });
    const seen = new Set<string>();
    await eventually(async () => {
      const asked = database.db().catch(() => undefined);
      // Nobody waits for what may fail again, and its health does not flap.
      seen.add(database.state);
      return (await asked) !== undefined;
    }, 60_000);
    expect([...seen]).toEqual(['down', 'up']);
    await database.close();
  }, 90_000);

  it('are not made by a gateway that does not use them, nor by asking for its health', async () => {
    const gateway = await startTestGateway({ routes: DATABASE_TABLE });
    try {
      expect(await databaseOf(gateway.url)).toMatchObject({ status: 'healthy', checks: { database: 'off' } });
      expect(existsSync(join(dirname(gateway.routesFile), '.data/postgres'))).toBe(false);
    } finally {
      await gateway.stop();
    }
  });
});

describe('a gateway that is started as a program', () => {
  const table = (stage: string): string => `
upstreams: { php: { targets: ['\${REMOTE_PHP_BASE}'] } }
policies: { authorization: { public: {} } }
routes:
  health: { match: { path: /api/health }, handler: health, policies: { authorization: public } }
  live: { match: { path: /live }, upstream: php, handler: health.live, stage: ${stage}, policies: { authorization: public } }
`;

  it('has its database made ready before it is asked for, when a handler that replaces PHP is used', async () => {
    const gateway = await startGatewayProcess(table('mirror'), 'http://127.0.0.1:9');
    try {
      await eventually(async () => (await databaseOf(gateway.url)).checks.database === 'up', 60_000);
    } finally {
      await gateway.stop();
    }
  }, 90_000);

  it('starts none when PHP answers everything that it can', async () => {
    const gateway = await startGatewayProcess(table('proxy'), 'http://127.0.0.1:9');
    try {
      expect((await databaseOf(gateway.url)).checks.database).toBe('off');
    } finally {
      await gateway.stop();
    }
  }, 60_000);
});
