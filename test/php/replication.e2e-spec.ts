import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { CONVERSATIONS } from '../../src/features/conversations/conversations.collection.js';
import { SETTINGS } from '../../src/features/chatbot-settings/settings.collection.js';
import type { Collection } from '../../src/replication/index.js';
import { eventually } from '../support/eventually.js';
import { describeReplication } from '../support/replication-pair.js';
import { ReplicationInstance, somebody } from '../support/replication-site.js';

describeReplication('rows and documents of a real PHP, on a real Postgres', (site) => {
  describe('while PHP may write', () => {
    it("finds PHP's writes in the next native read, on every instance", async () => {
      const user = somebody();
      const id = await site.php.create(user, 'from PHP');
      expect(await site.one.titles(user)).toEqual(['from PHP']);
      await site.php.rename(user, id, 'renamed by PHP');
      expect(await site.two.titles(user)).toEqual(['renamed by PHP']);
      expect(await site.one.titles(user)).toEqual(['renamed by PHP']);
    });

    it("has a native write in PHP's file when it is acknowledged, and PHP shows nothing of the stamp", async () => {
      const user = somebody();
      const id = await site.one.create(user, 'native');
      expect(site.php.titles(user)).toEqual(['native']);
      await site.php.rename(user, id, 'PHP was here');
      await site.two.rename(user, id, 'native again');
      expect(site.php.titles(user)).toEqual(['native again']);
      await site.one.merge(user, { theme: 'dark', behavior: { tone: 'formal' } });
      await site.php.merge(user, { behavior: { maxHistory: 7 } });
      await site.two.merge(user, { language: 'de' });
      const expected = { theme: 'dark', behavior: { tone: 'formal', maxHistory: 7 }, language: 'de' };
      expect(await site.one.settings(user)).toEqual(expected);
      expect(site.php.settings(user)).toMatchObject(expected);
      // In the file it is, so that the numbers of changes survive PHP's own writes; in answers it is not.
      expect(site.php.settings(user)).toHaveProperty('~gateway.seq');
      expect(JSON.stringify(await site.php.get(user, '/api/chatbot_settings.php'))).not.toContain('~gateway');
      expect(JSON.stringify(await site.php.get(user, '/api/conversations.php'))).not.toContain('~gateway');
      expect(await site.one.pending()).toBe(0);
    });

    it('asks PHP for a version, and takes the document only when it has changed', async () => {
      const user = somebody();
      await site.php.create(user, 'x');
      await site.one.titles(user);
      const db = await site.one.database.db();
      const before = await db.selectFrom('replication_owner').selectAll().executeTakeFirstOrThrow();
      await site.one.titles(user);
      expect(site.one.line.asked.at(-1)).toMatchObject({ action: 'read', version: before.php_version });
      expect(await db.selectFrom('replication_owner').selectAll().executeTakeFirstOrThrow()).toEqual(before);
    });
  });

  describe('while PHP is away', () => {
    it('acknowledges writes, and delivers them in order when it is back', async () => {
      const user = somebody();
      await site.one.titles(user);
      site.one.line.state = 'cut';
      site.two.line.state = 'cut';
      const id = await site.one.create(user, 'first');
      for (let i = 0; i < 5; i++) await site.one.rename(user, id, `name ${i}`);
      expect(await site.one.titles(user)).toEqual(['name 4']);
      expect(await site.one.replication.status()).toMatchObject({ pending: 6, owners: 1, hasBridge: true });
      expect((await site.one.replication.status()).lastFailure?.fault).toMatch(/^unreachable/);
      const applied = (): number[] =>
        site.one.line.asked.flatMap(
          ({ changes }) => (changes as { seq: number }[] | undefined)?.map(({ seq }) => seq) ?? [],
        );
      site.one.line.asked.length = 0;
      site.one.line.state = 'open';
      await eventually(async () => (await site.one.pending()) === 0);
      expect(site.php.titles(user)).toEqual(['name 4']);
      expect(applied()).toEqual([...applied()].toSorted((a, b) => a - b));
    });

    it('what one instance left is delivered by another', async () => {
      const user = somebody();
      await site.one.titles(user);
      site.one.line.state = 'cut';
      await site.one.create(user, 'left behind');
      await site.one.stop();
      await eventually(async () => (await site.two.pending()) === 0);
      expect(site.php.titles(user)).toEqual(['left behind']);
      site.one = await ReplicationInstance.start(site.one.database, site.origin);
    });

    it('refuses with 503 whose data it has never heard of', async () => {
      site.one.line.state = 'cut';
      const user = somebody();
      await expect(site.one.titles(user)).rejects.toMatchObject({ status: 503, reason: 'php-unreachable' });
      await expect(site.one.create(user, 'x')).rejects.toMatchObject({ status: 503, reason: 'php-unreachable' });
      site.one.line.state = 'open';
      expect(await site.one.titles(user)).toEqual([]);
    });

    it.each([403, 404, 500])(
      'is not taken for away when it answers %s: it may be writing, so its owners are its own',
      async (status) => {
        const user = somebody();
        await site.one.titles(user);
        site.one.line.state = status;
        await expect(site.one.titles(user)).rejects.toMatchObject({ status: 503, reason: 'php-refused' });
        await expect(site.one.create(user, 'x')).rejects.toMatchObject({ status: 503, reason: 'php-refused' });
      },
    );

    it('is taken for away when a web server answers 502 in its stead', async () => {
      const user = somebody();
      await site.one.create(user, 'known');
      site.one.line.state = 502;
      site.two.line.state = 502;
      expect(await site.one.titles(user)).toEqual(['known']);
      await site.one.create(user, 'meanwhile');
      site.one.line.state = 'open';
      await eventually(async () => (await site.one.pending()) === 0);
      expect(site.php.titles(user)).toEqual(['known', 'meanwhile']);
    });

    it('takes no more changes than its bound', async () => {
      const bounded = await ReplicationInstance.start(site.two.database, site.origin, { maxPending: 3 });
      try {
        const user = somebody();
        await bounded.titles(user);
        bounded.line.state = 'cut';
        site.two.line.state = 'cut';
        site.one.line.state = 'cut';
        for (let i = 0; i < 3; i++) await bounded.create(user, `${i}`);
        await expect(bounded.create(user, 'one too many')).rejects.toMatchObject({ reason: 'too-many-pending' });
        expect(await bounded.titles(user)).toEqual(['0', '1', '2']);
      } finally {
        await bounded.stop();
      }
    });
  });

  it('a redelivery after an unknown outcome does not undo what PHP has written since', async () => {
    const user = somebody();
    await site.one.merge(user, { theme: 'light' });
    // PHP does it, and nobody hears of it.
    site.one.line.decide = ({ action }) => (action === 'apply' ? 'deaf' : 'open');
    site.two.line.decide = ({ action }) => (action === 'apply' ? 'cut' : 'open');
    await site.one.merge(user, { theme: 'dark' });
    expect(await site.one.pending()).toBe(1);
    expect(site.php.settings(user)).toMatchObject({ theme: 'dark' });
    await site.php.merge(user, { theme: 'auto' });
    // The rows know that the change is in the document already: it is not done again upon what PHP wrote.
    expect(await site.two.settings(user)).toEqual({ theme: 'auto' });
    site.one.line.state = 'open';
    await eventually(async () => (await site.one.pending()) === 0);
    expect(site.php.settings(user)).toMatchObject({ theme: 'auto' });
    expect(await site.one.settings(user)).toEqual({ theme: 'auto' });
  });

  it('a reset that was delivered already does not reset what PHP has set since', async () => {
    const user = somebody();
    await site.one.merge(user, { theme: 'light' });
    site.one.line.decide = ({ action }) => (action === 'apply' ? 'deaf' : 'open');
    site.two.line.state = 'cut';
    await site.one.reset(user);
    await site.php.merge(user, { language: 'fr' });
    site.one.line.state = 'open';
    await eventually(async () => (await site.one.pending()) === 0);
    expect(site.php.settings(user)).toMatchObject({ language: 'fr' });
    expect(await site.one.settings(user)).toEqual({ language: 'fr' });
  });

  describe('once PHP can no longer write', () => {
    it('asks once after the grace time, and then no more', async () => {
      const user = somebody();
      await site.php.create(user, 'before');
      await site.one.titles(user);
      site.one.replaceAll(CONVERSATIONS);
      // In flight at the flip.
      await site.php.create(user, 'late');
      expect(await site.one.titles(user)).toEqual(['before', 'late']);
      const asked = site.one.line.count('read');
      for (let i = 0; i < 5; i++) expect(await site.one.titles(user)).toEqual(['before', 'late']);
      expect(site.one.line.count('read')).toBe(asked);
      const id = await site.one.create(user, 'native');
      await site.one.rename(user, id, 'native 2');
      expect(site.one.line.count('read')).toBe(asked);
      expect(site.php.titles(user)).toEqual(['before', 'late', 'native 2']);
    });

    it('notices by a delivery what an instance that had not heard of it let PHP write', async () => {
      const user = somebody();
      site.one.replaceAll(SETTINGS);
      await site.one.merge(user, { theme: 'dark' });
      await site.one.settings(user);
      const asked = site.one.line.count('read');
      await site.php.merge(user, { language: 'it' });
      await site.one.merge(user, { position: 'top-left' });
      expect(await site.one.settings(user)).toEqual({ theme: 'dark', language: 'it', position: 'top-left' });
      expect(site.one.line.count('read')).toBe(asked + 1);
    });

    it('a moment back at PHP is not missed', async () => {
      const user = somebody();
      site.one.replaceAll(SETTINGS);
      await site.one.settings(user);
      site.one.writers.see({ routes: [] });
      site.one.replaceAll(SETTINGS);
      await site.php.merge(user, { theme: 'light' });
      expect(await site.one.settings(user)).toEqual({ theme: 'light' });
    });

    it('asks on within the grace time', async () => {
      const patient = await ReplicationInstance.start(site.one.database, site.origin, { graceMs: 600_000 });
      try {
        const user = somebody();
        patient.replaceAll(SETTINGS);
        await patient.settings(user);
        await site.php.merge(user, { theme: 'light' });
        expect(await patient.settings(user)).toEqual({ theme: 'light' });
      } finally {
        await patient.stop();
      }
    });
  });

  it('two instances and PHP write the same owner at once: both sides are equal at the end, and every acknowledged write is there', async () => {
    const user = somebody();
    const acknowledged: string[] = [];
    const refused: unknown[] = [];
    const hammer = async (name: string, create: (title: string) => Promise<unknown>): Promise<void> => {
      for (let i = 0; i < 20; i++) {
        const title = `${name} ${i}`;
        await create(title).then(
          () => acknowledged.push(title),
          (error: unknown) => refused.push(error),
        );
      }
    };
    // Now and then an answer is lost.
    let calls = 0;
    site.one.line.decide = ({ action }) => (action === 'apply' && ++calls % 5 === 0 ? 'deaf' : 'open');
    await Promise.all([
      hammer('one', (title) => site.one.create(user, title)),
      hammer('one b', (title) => site.one.create(user, title)),
      hammer('two', (title) => site.two.create(user, title)),
      hammer('php', (title) => site.php.create(user, title)),
      ...[site.one, site.two].map(async (instance) => {
        for (let i = 0; i < 20; i++) await instance.titles(user).catch(() => undefined);
      }),
    ]);
    site.one.line.state = 'open';
    await eventually(async () => (await site.two.pending()) === 0);
    // A busy moment may refuse; what it acknowledged it keeps.
    expect(refused.length).toBeLessThan(acknowledged.length);
    const sides = [site.php.titles(user), await site.one.titles(user), await site.two.titles(user)];
    expect(sides.map((titles) => [...titles].toSorted())).toEqual(sides.map(() => acknowledged.toSorted()));
    const rows = await site.one.document(CONVERSATIONS as unknown as Collection, user);
    const stored = readFileSync(site.php.fileOf('conversations', user), 'utf8').replace(
      /^\{"~gateway":\{[^}]*\},/,
      '{',
    );
    expect(CONVERSATIONS.canonical(rows)).toEqual(CONVERSATIONS.canonical(stored));
  }, 60_000);
});
