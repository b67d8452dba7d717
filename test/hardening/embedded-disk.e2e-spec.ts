import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { EmbeddedDatabase } from '../../src/database/embedded/embedded-database.js';
import type { ThreadCall, ThreadMessage } from '../../src/database/embedded/pglite-messages.js';
import { DatabaseUnavailableError } from '../../src/database/index.js';
import { AUDIT_ROW, makeLog } from '../support/database-parts.js';
import { eventually } from '../support/eventually.js';

/** Loaded into the engine's thread: keeps of each file what it had when it was last flushed, as a machine that loses its power does. */
const KEEP_WHAT_IS_FLUSHED = `
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
for (const name of ['fsyncSync', 'fdatasyncSync']) {
  const flush = fs[name];
  fs[name] = (descriptor) => {
    flush(descriptor);
    const path = fs.readlinkSync('/proc/self/fd/' + descriptor);
    if (path.startsWith(process.env.DATA) && fs.statSync(path).isFile())
      fs.copyFileSync(path, process.env.DISK + path.slice(process.env.DATA.length));
  };
}
syncBuiltinESMExports();
`;

/** A file system of some megabytes; undefined where this user may not make one. */
function mountSmall(folder: string): (() => void) | undefined {
  mkdirSync(folder);
  try {
    execFileSync('/usr/bin/mount', ['-t', 'tmpfs', '-o', 'size=90m', 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  return () => execFileSync('/usr/bin/umount', ['--lazy', folder]);
}

describe('embedded data and their disk', () => {
  let home = '';
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'donna-disk-'));
    const database = new EmbeddedDatabase(join(home, 'empty'), makeLog().logger);
    await database.db();
    await database.close();
  }, 60_000);
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  /** Making one takes the engine seconds: each has a copy. */
  const make = (name: string): string => {
    const data = join(home, name);
    cpSync(join(home, 'empty'), data, { recursive: true });
    return data;
  };
  const auditsIn = async (data: string): Promise<readonly string[]> => {
    const database = new EmbeddedDatabase(data, makeLog().logger);
    try {
      const rows = await (await database.db()).selectFrom('stage_audit').select('route').orderBy('id').execute();
      return rows.map(({ route }) => route);
    } finally {
      await database.close();
    }
  };

  it('lose nothing that was acknowledged when the machine loses its power', async () => {
    const data = make('power');
    const disk = join(home, 'power-disk');
    cpSync(data, disk, { recursive: true });
    const hook = join(home, 'hook.mjs');
    writeFileSync(hook, KEEP_WHAT_IS_FLUSHED);
    const worker = new Worker(new URL('../../src/database/embedded/pglite.worker.ts', import.meta.url), {
      workerData: { folder: data, template: undefined },
      env: { DATA: data, DISK: disk },
      execArgv: ['--disable-warning=ExperimentalWarning', '--import', pathToFileURL(hook).href],
    });
    try {
      const [ready] = (await once(worker, 'message')) as [ThreadMessage];
      expect(ready).toEqual({ kind: 'ready' });
      const kept: string[] = [];
      for (let id = 0; id < 12; id++) {
        const route = `w${id}`;
        const insert = `insert into stage_audit (route, from_stage, from_weight, to_stage, to_weight, by, reason)
          values ('${route}', 'proxy', 0, 'mirror', 0, 'x', 'y')`;
        const call: ThreadCall = { kind: 'statement', id, sql: id === 6 ? 'checkpoint' : insert, parameters: [] };
        worker.postMessage(call, []);
        const [answer] = (await once(worker, 'message')) as [ThreadMessage];
        expect(answer).toMatchObject({ kind: 'result', id });
        if (id !== 6) kept.push(route);
      }
      await worker.terminate();
      expect(await auditsIn(disk)).toEqual(kept);
    } finally {
      await worker.terminate();
    }
  }, 90_000);

  it('that are damaged are told with what to do, and used again when they are put back', async () => {
    const data = make('damaged');
    const copy = join(home, 'copy');
    cpSync(data, copy, { recursive: true });
    const { told, logger } = makeLog();
    const database = new EmbeddedDatabase(data, logger);
    truncateSync(join(data, 'global/pg_control'));
    await expect(database.db()).rejects.toThrow(
      /damaged does not start .*put back from a copy, or moved away to begin anew/,
    );
    expect(database.state).toBe('down');
    expect(told).toHaveLength(1);
    cpSync(copy, data, { recursive: true });
    await eventually(async () => (await database.db().catch(() => undefined)) !== undefined, 30_000);
    await database.close();
  }, 90_000);

  it('that stop for want of room say so, keep what was acknowledged, and go on when there is room', async () => {
    const small = join(home, 'small');
    const unmount = mountSmall(small);
    // A user who may not mount cannot make a disk full without harm to others.
    if (unmount === undefined) return expect(process.getuid?.()).not.toBe(0);
    try {
      const data = make('small/postgres');
      const database = new EmbeddedDatabase(data, makeLog().logger);
      const db = await database.db();
      const { bavail, bsize } = statfsSync(small);
      writeFileSync(join(small, 'filler'), Buffer.alloc(bavail * bsize - 2_000_000));
      // Whose log has no room ends the engine; a table alone would only end the statement.
      let kept = 0;
      const fill = async (): Promise<void> => {
        for (; kept < 100; kept++) {
          await sql`select pg_logical_emit_message(false, 'fill', repeat('x', 900000))`.execute(db);
          await db.insertInto('stage_audit').values(AUDIT_ROW).execute();
        }
      };
      await expect(fill()).rejects.toBeInstanceOf(DatabaseUnavailableError);
      await expect(database.db()).rejects.toBeInstanceOf(DatabaseUnavailableError);
      rmSync(join(small, 'filler'));
      await eventually(async () => (await database.db().catch(() => undefined)) !== undefined, 30_000);
      const again = await database.db();
      const rows = await again.selectFrom('stage_audit').select('route').execute();
      expect([kept, kept + 1]).toContain(rows.length);
      await again.insertInto('stage_audit').values(AUDIT_ROW).execute();
      await database.close();
    } finally {
      unmount();
    }
  }, 120_000);
});
