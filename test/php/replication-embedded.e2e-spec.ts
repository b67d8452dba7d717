import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { EmbeddedDatabase } from '../../src/database/embedded/embedded-database.js';
import type { Logger } from '../../src/trace/index.js';
import { describeWith } from '../setup/parts.js';
import { eventually } from '../support/eventually.js';
import { type LegacyPhp, startLegacyPhp } from '../support/legacy-php.js';
import { startEmbeddedPhp } from '../../src/forward/index.js';
import type { LineState } from '../support/php-line.js';
import { PhpSide, ReplicationInstance } from '../support/replication-site.js';
import { IDENTITY_SECRET } from '../support/test-gateway.js';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined } as unknown as Logger;

describeWith('php', 'rows and documents on the embedded database', () => {
  const folder = mkdtempSync(join(tmpdir(), 'replication-embedded-'));
  const data = join(folder, 'php');
  let legacy: LegacyPhp;
  let database: EmbeddedDatabase;
  let instance: ReplicationInstance;
  let php: PhpSide;

  const open = async (): Promise<void> => {
    database = new EmbeddedDatabase(join(folder, 'postgres'), SILENT);
    instance = await ReplicationInstance.start(database, legacy.origin);
  };
  const close = async (): Promise<void> => {
    await instance.stop();
    await database.close();
  };

  beforeAll(async () => {
    legacy = await startLegacyPhp({ DONNA_DATA_DIR: data });
    php = new PhpSide(legacy.origin, data);
    await open();
    await database.db();
  }, 60_000);
  afterAll(async () => {
    await close();
    await legacy.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it("both sides see each other's writes", async () => {
    const id = await php.create('u', 'from PHP');
    expect(await instance.titles('u')).toEqual(['from PHP']);
    await instance.rename('u', id, 'renamed');
    await instance.create('u', 'native');
    expect(php.titles('u')).toEqual(['renamed', 'native']);
  });

  it('whoever waits for PHP holds up nobody else, though there is one connection', async () => {
    await instance.titles('quick');
    let letGo: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (letGo = resolve));
    const slowAsked = instance.line.asked.length;
    instance.line.decide = async ({ action, version }): Promise<LineState> => {
      // The slow one has never been heard of.
      if (version === undefined || action === 'apply') await gate;
      return 'open';
    };
    let isSlowDone = false;
    const slow = instance.create('slow', 'x').then(() => (isSlowDone = true));
    await eventually(() => instance.line.asked.length > slowAsked);
    for (let i = 0; i < 3; i++) expect(await instance.titles('quick')).toEqual([]);
    expect(isSlowDone).toBe(false);
    letGo();
    await slow;
    expect(php.titles('slow')).toEqual(['x']);
  });

  it('many writes of many owners at once all arrive', async () => {
    const users = Array.from({ length: 4 }, (_, i) => `many_${i}`);
    await Promise.all(
      users.flatMap((user) => Array.from({ length: 5 }, (_, i) => instance.create(user, `${user} ${i}`))),
    );
    for (const user of users) {
      const expected = Array.from({ length: 5 }, (_, i) => `${user} ${i}`);
      expect([...php.titles(user)].toSorted()).toEqual(expected);
      expect(await instance.titles(user)).toEqual(php.titles(user));
    }
  });

  it('PHP in WebAssembly keeps documents as any other does', async () => {
    const wasmData = join(folder, 'wasm');
    const wasm = await startEmbeddedPhp({
      kind: 'wasm',
      workers: 2,
      root: resolve(import.meta.dirname, '../../legacy-php'),
      env: {
        NODE_ENV: 'test',
        DONNA_DATA_DIR: wasmData,
        GATEWAY_IDENTITY_SECRET: IDENTITY_SECRET,
        ENABLE_PHP_RATE_LIMITING: 'false',
      },
      log: () => undefined,
    });
    const other = await ReplicationInstance.start(database, wasm.origin);
    const side = new PhpSide(wasm.origin, wasmData);
    try {
      const id = await side.create('wasm', 'from PHP');
      expect(await other.titles('wasm')).toEqual(['from PHP']);
      await other.rename('wasm', id, 'renamed, with ä and 🙂');
      expect(side.titles('wasm')).toEqual(['renamed, with ä and 🙂']);
      await other.merge('wasm', { theme: 'dark' });
      await side.merge('wasm', { language: 'de' });
      expect(await other.settings('wasm')).toEqual({ theme: 'dark', language: 'de' });
      // Its threads lock each other out of a document.
      const titles = Array.from({ length: 6 }, (_, i) => `${i}`);
      await Promise.all(
        titles.flatMap((title) => [other.create('both', `n${title}`), side.create('both', `p${title}`)]),
      );
      const all = titles.flatMap((title) => [`n${title}`, `p${title}`]).toSorted();
      expect([...side.titles('both')].toSorted()).toEqual(all);
      expect([...(await other.titles('both'))].toSorted()).toEqual(all);
      expect(await other.pending()).toBe(0);
    } finally {
      await other.stop();
      await wasm.stop();
    }
  }, 60_000);

  it('what waits when it is closed is delivered when it is opened again, though nobody asks', async () => {
    await instance.titles('late');
    instance.line.state = 'cut';
    await instance.create('late', 'kept');
    await close();
    await open();
    // Opening alone may take a busy machine as long as that: the first wait has a time of its own.
    await eventually(() => database.state === 'up', 45_000);
    await eventually(() => existsSync(php.fileOf('conversations', 'late')) && php.titles('late').length === 1);
    expect(php.titles('late')).toEqual(['kept']);
    await eventually(async () => (await instance.pending()) === 0);
  }, 90_000);

  // The round that was under way had taken both for twenty seconds, and kept the second one when it was stopped.
  it('what a round had taken and not brought when it was stopped is brought by the next process at once', async () => {
    const owners = ['taken', 'taken too'];
    for (const owner of owners) await instance.titles(owner);
    instance.line.state = 'cut';
    for (const owner of owners) await instance.create(owner, 'kept');
    let letGo: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (letGo = resolve));
    const taken = async (): Promise<number> =>
      (await sql`select from replication_outbox where retry_at > now() + interval '5 s'`.execute(await database.db()))
        .rows.length;
    let areTaken = false;
    instance.line.decide = async ({ action }): Promise<LineState> => {
      if (action !== 'apply') return 'open';
      // A round that has taken one alone tries again.
      if (!areTaken && (await taken()) < owners.length) return 'cut';
      areTaken = true;
      await gate;
      return 'open';
    };
    await eventually(() => areTaken);
    const closed = close();
    letGo();
    await closed;
    await open();
    await eventually(async () => {
      await database.db();
      return (await instance.pending()) === 0;
    });
    for (const owner of owners) expect(php.titles(owner)).toEqual(['kept']);
  }, 60_000);
});
