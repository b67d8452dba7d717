import { describe, expect, it } from '@jest/globals';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CONVERSATIONS } from '../../src/features/conversations/conversations.collection.js';
import { ownerKey } from '../../src/replication/index.js';
import { eventually } from '../support/eventually.js';
import { describeReplication } from '../support/replication-pair.js';
import { ReplicationInstance, somebody } from '../support/replication-site.js';

describeReplication('rows and documents when something is lost, damaged or not there', (site) => {
  describe('when PHP has lost what it had', () => {
    const lost = "PHP's document had lost changes";

    it('puts the rows back in place of a document that was removed', async () => {
      const user = somebody();
      await site.one.create(user, 'kept');
      rmSync(site.php.fileOf('conversations', user));
      expect(await site.one.titles(user)).toEqual(['kept']);
      expect(site.php.titles(user)).toEqual(['kept']);
      expect(site.one.log.join()).toContain(lost);
      await site.one.create(user, 'goes on');
      expect(site.php.titles(user)).toEqual(['kept', 'goes on']);
    });

    it('puts the rows in place of a document from an older copy, and keeps that aside', async () => {
      const user = somebody();
      await site.one.create(user, 'old');
      const copy = readFileSync(site.php.fileOf('conversations', user));
      await site.one.create(user, 'new');
      writeFileSync(site.php.fileOf('conversations', user), copy);
      await site.php.create(user, 'since the copy was put back');
      // A write alone notices: PHP refuses to add to what has less than it is known to have had.
      site.one.replaceAll(CONVERSATIONS);
      await site.one.create(user, 'newest');
      await eventually(async () => (await site.one.pending()) === 0);
      expect(await site.one.titles(user)).toEqual(['old', 'new', 'newest']);
      expect(site.php.titles(user)).toEqual(['old', 'new', 'newest']);
      const aside = readdirSync(join(site.php.data, 'replaced')).filter((name) => name.includes(ownerKey(user)));
      expect(aside).toHaveLength(1);
      expect(readFileSync(join(site.php.data, 'replaced', aside[0] ?? ''), 'utf8')).toContain(
        'since the copy was put back',
      );
    });
  });

  it('a database put back to an earlier state does not lose what is written from then on', async () => {
    const user = somebody();
    await site.one.create(user, 'before the copy');
    const [state] = await site.ask('select * from replication_owner');
    const last = Number((await site.ask('select last_value from replication_outbox_seq_seq'))[0]?.['last_value']);
    await site.one.create(user, 'forgotten here, known to PHP');
    await site.ask(`update replication_owner set delivered_seq = ${String(state?.['delivered_seq'])}, php_version = '${String(state?.['php_version'])}', ticket = 0;
       delete from conversation where title like 'forgotten%'; select setval('replication_outbox_seq_seq', ${last})`);
    site.one.replaceAll(CONVERSATIONS);
    // Its number is one that PHP has seen: taken for done, it would be lost there.
    await site.one.create(user, 'after');
    await eventually(async () => (await site.one.pending()) === 0);
    const expected = ['before the copy', 'forgotten here, known to PHP', 'after'];
    expect(await site.one.titles(user)).toEqual(expected);
    expect(site.php.titles(user)).toEqual(expected);
  });

  describe('a document that cannot be read', () => {
    const write = (user: string, bytes: string | Buffer): void => {
      mkdirSync(dirname(site.php.fileOf('conversations', user)), { recursive: true });
      writeFileSync(site.php.fileOf('conversations', user), bytes);
    };

    it.each([
      ['is no JSON', '{"conversations": ['],
      ['is JSON of another shape', '{"conversations": [{"id": 1}]}'],
      ['is not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
      ['is larger than the bridge takes', `{"conversations": [], "x": "${'y'.repeat(12_000_001)}"}`],
    ])('%s: 503, and the rows stay as they are', async (_what, bytes) => {
      const user = somebody();
      await site.php.create(user, 'good');
      await site.one.titles(user);
      const good = readFileSync(site.php.fileOf('conversations', user));
      write(user, bytes);
      await expect(site.one.titles(user)).rejects.toMatchObject({ status: 503, reason: 'document-unreadable' });
      await expect(site.one.create(user, 'x')).rejects.toMatchObject({ status: 503 });
      expect(site.one.log.join()).toContain('cannot be read');
      expect(site.one.log.join()).not.toContain('conversations": [');
      write(user, good);
      expect(await site.one.titles(user)).toEqual(['good']);
    });

    it('one that has lost its stamp by the damage is not taken for an older one', async () => {
      const user = somebody();
      await site.one.create(user, 'good');
      write(user, '{"conversations": [');
      await expect(site.one.titles(user)).rejects.toMatchObject({ status: 503, reason: 'document-unreadable' });
      expect(readFileSync(site.php.fileOf('conversations', user), 'utf8')).toBe('{"conversations": [');
    });

    it('a large one that PHP still serves is read', async () => {
      const user = somebody();
      const id = await site.php.create(user, 'large');
      const file = JSON.parse(readFileSync(site.php.fileOf('conversations', user), 'utf8')) as {
        conversations: { messages: object[] }[];
      };
      const content = '"quoted" \\ and long '.repeat(2500);
      for (let i = 0; i < 100; i++) file.conversations[0]?.messages.push({ role: 'user', content });
      write(user, JSON.stringify(file));
      const asked = site.one.line.count('read');
      expect(await site.one.titles(user)).toEqual(['large']);
      // Announced first, so that few are in memory at a time.
      expect(site.one.line.count('read')).toBe(asked + 2);
      await site.one.rename(user, id, 'larger');
      expect(site.php.titles(user)).toEqual(['larger']);
    });
  });

  it('before a PHP without a bridge rows stand alone, and nothing piles up', async () => {
    const user = somebody();
    const alone = await ReplicationInstance.start(site.one.database, 'http://127.0.0.1:9');
    try {
      alone.disconnect();
      await alone.merge(user, { theme: 'dark' });
      expect(await alone.settings(user)).toEqual({ theme: 'dark' });
      expect(await alone.pending()).toBe(0);
      expect(alone.line.asked).toEqual([]);
    } finally {
      await alone.stop();
    }
  });

  it('where the bridge is taken away, changes of owners whom PHP knows wait for its return', async () => {
    const user = somebody();
    await site.one.merge(user, { theme: 'dark' });
    site.one.disconnect();
    site.two.line.state = 'cut';
    await site.one.merge(user, { theme: 'light' });
    expect(await site.one.pending()).toBe(1);
    site.one.connect();
    await eventually(async () => (await site.one.pending()) === 0);
    expect(site.php.settings(user)).toMatchObject({ theme: 'light' });
  });

  it('a dry run tells PHP nothing and leaves nothing', async () => {
    const user = somebody();
    await site.one.merge(user, { theme: 'dark' });
    const asked = site.one.line.asked.length;
    await site.one.database.dryRun(async () => {
      await site.one.merge(user, { theme: 'light' });
      expect(await site.one.settings(user)).toEqual({ theme: 'light' });
    });
    expect(site.one.line.asked.slice(asked).filter(({ action }) => action === 'apply')).toEqual([]);
    expect(await site.one.pending()).toBe(0);
    expect(await site.one.settings(user)).toEqual({ theme: 'dark' });
    expect(site.php.settings(user)).toMatchObject({ theme: 'dark' });
  });

  it('a change that PHP refuses blocks its owner alone', async () => {
    const [poisoned, other] = [somebody(), somebody()];
    await site.one.merge(other, { theme: 'dark' });
    await site.one.merge(poisoned, { theme: 'dark' });
    site.one.line.state = 'cut';
    site.two.line.state = 'cut';
    await site.one.merge(poisoned, { theme: 'light' });
    await site.one.merge(other, { theme: 'light' });
    await site.ask(
      `update replication_outbox set change = '{"kind":"nonsense"}' where owner = '${ownerKey(poisoned)}'`,
    );
    site.one.line.state = 'open';
    await eventually(() => site.php.settings(other)['theme'] === 'light');
    await eventually(async () => (await site.one.pending()) === 1);
    await eventually(() => site.one.log.join().includes('PHP refuses changes'));
    expect((await site.one.replication.status()).lastFailure?.fault).toBe('refused: status 422');
  });
});
