import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { AsyncLocalStorage } from 'node:async_hooks';
import { PostgresDatabase } from '../../src/database/postgres/postgres-database.js';
import { Metrics } from '../../src/metrics/index.js';
import { MAIL_BOUNDS, type MailBounds } from '../../src/outbound/mail/mail-bounds.js';
import { MailDesk } from '../../src/outbound/mail/mail-desk.js';
import { MailHashes } from '../../src/outbound/mail/mail-hashes.js';
import { mailOfPerson } from '../../src/outbound/mail/mail-person.js';
import { MailQueue } from '../../src/outbound/mail/mail-queue.js';
import { MailStore } from '../../src/outbound/mail/mail.store.js';
import { MailWorker } from '../../src/outbound/mail/mail.worker.js';
import { SmtpSender } from '../../src/outbound/mail/smtp-sender.js';
import { raiseTombstone } from '../../src/persons/tombstones.js';
import { ownerKey } from '../../src/replication/index.js';
import { describeWith } from '../setup/parts.js';
import { postMail } from '../support/application-call.js';
import { makeLog } from '../support/database-parts.js';
import { eventually } from '../support/eventually.js';
import { startGatewayProcess } from '../support/gateway-process.js';
import { unlimitedTable } from '../support/legacy-php.js';
import { MAIL, MAIL_PASSWORD, type MailSite, startMailSite } from '../support/mail-site.js';
import { IDENTITY_SECRET } from '../support/test-gateway.js';

const FROM = { name: 'Zoë Donna', address: 'donna@donna.example' };

describeWith('postgres', 'the queue of mail', (program) => {
  let site: MailSite;
  beforeAll(async () => {
    site = await startMailSite(program);
  }, 60_000);
  beforeEach(() => site.reset());
  afterAll(() => site.stop());
  const QUICK: MailBounds = { ...MAIL_BOUNDS, backoffMs: 20, maxBackoffMs: 40, pollMs: 50, drainMs: 200 };
  const databases: PostgresDatabase[] = [];
  const queues: MailQueue[] = [];
  /** Stands for the request that is served, and in which of them a mail was noted as sent. */
  const context = new AsyncLocalStorage<string>();
  const contexts: unknown[] = [];
  let url = '';
  let count = 0;
  beforeEach(async () => {
    url = await site.postgres.createDatabase(`queue_${count++}`);
  });
  afterEach(async () => {
    for (const queue of queues.splice(0)) await queue.beforeApplicationShutdown();
    for (const database of databases.splice(0)) await database.close();
  });

  /** What one instance has. */
  const start = async (
    bounds: Partial<MailBounds> = {},
    isWorking = true,
    keptMs = (otherwise: number) => otherwise,
  ) => {
    const log = makeLog();
    const database = new PostgresDatabase(url, log.logger);
    databases.push(database);
    await database.onModuleInit();
    const [store, metrics] = [new MailStore(database), new Metrics()];
    const info = log.logger.info.bind(log.logger);
    const logger = {
      ...log.logger,
      info: (...said: unknown[]) => {
        contexts.push(context.getStore());
        info(said[0], String(said[1]));
      },
    };
    const sender = new SmtpSender({
      host: 'localhost',
      port: site.server.port,
      implicitTls: false,
      login: { user: 'donna', pass: MAIL_PASSWORD },
      caFile: site.caFile,
      from: FROM,
    });
    const parts = { store, metrics, logger, bounds: { ...QUICK, ...bounds } };
    const worker = new MailWorker({ ...parts, sender, keptMs });
    const queue = new MailQueue({ ...parts, worker, domain: 'donna.example', secret: IDENTITY_SECRET });
    queues.push(queue);
    if (isWorking) queue.onApplicationBootstrap();
    else await queue.beforeApplicationShutdown();
    return { queue, store, database, log, desk: new MailDesk(database, () => queue.wake()) };
  };
  const ask = (statement: string): Promise<readonly Record<string, unknown>[]> =>
    site.postgres.ask(new URL(url).pathname.slice(1), statement);
  const states = async (): Promise<readonly unknown[]> =>
    (await ask('select state from mail')).map(({ state }) => state);

  it('tries again what is not taken at once, under the same Message-ID, and says nothing of it in the log', async () => {
    let refusals = 0;
    const seen: (string | undefined)[] = [];
    site.answerMail = ({ headers }) => {
      seen.push(headers.get('message-id'));
      return refusals++ < 2 ? '451 4.3.0 later, a@b.example' : undefined;
    };
    const { queue, log } = await start();
    const { messageId } = await queue.send(MAIL);
    await eventually(() => site.server.taken.length === 1);
    await eventually(async () => (await states())[0] === 'sent');
    expect([seen, refusals]).toEqual([[messageId, messageId, messageId], 3]);
    expect(await ask('select attempts from mail')).toEqual([{ attempts: 3 }]);
    expect(log.told.join('\n')).toContain('mail deferred');
    expect(log.told.join('\n')).not.toMatch(/b\.example|Gr|Hello/);
  });

  it('gives up after so many attempts, and asks only those again who have not got it', async () => {
    site.answerTo = (address) => ({ later: '450 4.2.1', gone: '550 5.1.1' })[address.split('@')[0] ?? ''];
    const { queue, desk } = await start({ maxAttempts: 3 });
    await queue.send({ ...MAIL, to: ['a@b.example', 'later@b.example', 'gone@b.example'] });
    await eventually(async () => (await states())[0] === 'dead');
    expect(site.server.taken.map(({ to }) => to)).toEqual([['a@b.example']]);
    expect(await desk.list()).toMatchObject([
      { state: 'dead', attempts: 3, recipients: 2, fault: expect.stringContaining('450') },
    ]);
    site.answerTo = () => undefined;
    expect(await desk.retry((await desk.list())[0]?.id ?? '', { by: 'boss', reason: 'back' })).toBe(true);
    await eventually(() => site.server.taken.length === 2);
    expect(site.server.taken[1]?.to.toSorted()).toEqual(['gone@b.example', 'later@b.example']);
    // Everybody reads whom it was for.
    expect(site.server.taken[1]?.headers.get('to')).toBe('a@b.example, later@b.example, gone@b.example');
  });

  it('is worked on outside of the request that wakes it', async () => {
    contexts.splice(0);
    const { queue } = await start();
    await context.run('a request', () => queue.send(MAIL));
    await eventually(() => contexts.length === 1);
    expect(contexts).toEqual([undefined]);
  });

  it('is shared by instances, and each mail is sent by one of them', async () => {
    const [one, two] = [await start(), await start()];
    await Promise.all(
      Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? one : two).queue.send({ ...MAIL, subject: `Mail ${i}` })),
    );
    await eventually(() => site.server.taken.length >= 40);
    await eventually(async () => (await states()).every((state) => state === 'sent'));
    expect(new Set(site.server.taken.map(({ headers }) => headers.get('subject'))).size).toBe(40);
    expect(site.server.taken).toHaveLength(40);
  });

  it('sends what a killed instance had in hand, and nothing that it settles late', async () => {
    const killed = await start({}, false);
    const { messageId } = await killed.queue.send(MAIL);
    const lost = await (await killed.store.rows()).claim(100);
    const { log } = await start();
    await eventually(() => site.server.taken.length === 1);
    expect(site.server.taken[0]?.headers.get('message-id')).toBe(messageId);
    await eventually(async () => (await states())[0] === 'sent');
    if (lost === undefined) throw new Error('nothing was claimed');
    await (await killed.store.rows()).settleFailed(lost, { left: ['a@b.example'], refused: [], fault: 'late' }, 0);
    expect(await ask('select state, fault, content from mail')).toEqual([
      { state: 'sent', fault: null, content: null },
    ]);
    expect(log.told.filter((line) => line.includes('mail sent'))).toHaveLength(1);
  });

  it('loses nothing that it has answered for when its process is killed, between the server’s 250 and its own note of it too', async () => {
    const gateway = await startGatewayProcess(unlimitedTable(), '', {
      DATABASE_URL: url,
      SMTP_HOST: 'localhost',
      SMTP_PORT: String(site.server.port),
      SMTP_USER: 'donna',
      SMTP_PASS: MAIL_PASSWORD,
      SMTP_CA_FILE: site.caFile,
      EMAIL_FROM: FROM.address,
    });
    const seen: (string | undefined)[] = [];
    site.answerMail = ({ headers, to }) => {
      seen.push(headers.get('message-id'));
      // The mail is taken, and nobody is there any more to hear of it.
      if (to.includes('last@b.example')) process.kill(gateway.pid, 'SIGKILL');
      return undefined;
    };
    try {
      const accepted: string[] = [];
      for (const to of ['a@b.example', 'b@b.example', 'last@b.example']) {
        const answer = await postMail(gateway.url, { ...MAIL, to: [to] });
        expect(answer.status).toBe(202);
        accepted.push((answer.json() as { message_id: string }).message_id);
      }
      await gateway.ended;
      site.answerMail = ({ headers }) => {
        seen.push(headers.get('message-id'));
        return undefined;
      };
      const left = await ask("select message_id from mail where state = 'queued' and claim is not null");
      expect(left.map(({ message_id: id }) => id)).toContain(accepted[2]);
      // The lease of the dead one is over.
      await ask("update mail set due_at = now() where state = 'queued'");
      await start();
      await eventually(async () => (await states()).every((state) => state === 'sent'));
      expect(await states()).toHaveLength(3);
      expect(new Set(seen)).toEqual(new Set(accepted));
      // Known again by its name.
      expect(seen.filter((id) => id === accepted[2])).toHaveLength(2);
    } finally {
      await gateway.stop();
    }
  }, 60_000);

  it('takes no more than it may hold, and nothing that it cannot keep', async () => {
    const { queue, database } = await start({ maxWaiting: 2 }, false);
    for (const idempotencyKey of ['1', '2']) await queue.send(MAIL, { caller: 'test', idempotencyKey });
    await expect(queue.send(MAIL)).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', status: 503 });
    // What is known is told, however much waits.
    expect(await queue.send(MAIL, { caller: 'test', idempotencyKey: '1' })).toMatchObject({ status: 'queued' });
    await database.close();
    await expect(queue.send(MAIL)).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
  });

  it('goes on when the database is back', async () => {
    const { queue, log } = await start();
    await queue.send(MAIL);
    await eventually(() => site.server.taken.length === 1);
    await eventually(async () => (await states())[0] === 'sent');
    await site.postgres.kill();
    await eventually(() => log.told.some((line) => line.includes('mail waits')));
    await expect(queue.send(MAIL)).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    await site.postgres.start();
    await eventually(async () =>
      queue.send({ ...MAIL, subject: 'After' }).then(
        () => true,
        () => false,
      ),
    );
    await eventually(() => site.server.taken.length === 2);
  }, 40_000);

  it('hands over and erases what is a person’s, and forgets what is old', async () => {
    const { queue, database, store } = await start({}, false);
    await queue.send({ ...MAIL, to: ['Kim@bücher.example', 'other@b.example'] }, { caller: 'test', owner: 'u1' });
    await queue.send({ ...MAIL, to: ['other@b.example'] }, { caller: 'test', owner: 'u2' });
    await queue.send({ ...MAIL, to: ['third@b.example'] }, { caller: 'test', owner: 'kim' });
    const kim = { subject: 'kim', owner: ownerKey('kim'), email: undefined, addresses: ['kim@Bücher.example'] };
    const part = mailOfPerson(new MailHashes(IDENTITY_SECRET));
    const read = (person: typeof kim, after?: string) => database.transaction((trx) => part.read(trx, person, after));
    const { items, next } = await read(kim);
    expect((items as { content: string }[]).map(({ content }) => JSON.parse(content) as object)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ to: ['Kim@xn--bcher-kva.example', 'other@b.example'] }),
        expect.objectContaining({ to: ['third@b.example'] }),
      ]),
    );
    expect([items.length, await read(kim, next)]).toEqual([2, { items: [], next: undefined }]);
    expect((await read({ ...kim, subject: 'nobody', addresses: [] })).items).toEqual([]);
    // However much there is: a page has what fits into one answer.
    const file = { filename: 'a.txt', contentType: 'text/plain', content: 'QUFB'.repeat(300_000) };
    for (let i = 0; i < 4; i++) await queue.send({ ...MAIL, attachments: [file] }, { caller: 'test', owner: 'kim' });
    const pages: number[] = [];
    let after: string | undefined;
    do {
      const page = await read(kim, after);
      expect(JSON.stringify(page).length).toBeLessThan(4_000_000);
      pages.push(page.items.length);
      after = page.next;
    } while (after !== undefined);
    expect([pages.length > 2, pages.reduce((sum, count) => sum + count, 0)]).toEqual([true, 6]);
    await database.transaction((trx) => part.erase(trx, kim));
    expect(await ask('select 1 from mail')).toHaveLength(1);
    await ask("update mail set state = 'sent', settled_at = now() - interval '8 days'");
    const rows = await store.rows();
    expect([await rows.prune(9 * 86_400_000, 0), await rows.prune(7 * 86_400_000, 0)]).toEqual([0, 1]);
  });

  it('takes none in the name of who was erased a moment ago', async () => {
    const { queue, database } = await start({}, false);
    await database.transaction((trx) => raiseTombstone(trx, ownerKey('kim')));
    await expect(queue.send(MAIL, { caller: 'test', owner: 'kim' })).rejects.toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      message: expect.stringContaining('erased a moment ago'),
    });
    await queue.send(MAIL, { caller: 'test', owner: 'lee' });
    expect(await ask('select 1 from mail')).toHaveLength(1);
  });

  it('keeps what is sent or dead as long as the retention policy says, and no sent one for longer than its key is known', async () => {
    const asked: number[] = [];
    const { queue } = await start({}, false, () => 0);
    for (const to of ['one', 'two', 'three']) await queue.send({ ...MAIL, to: [`${to}@b.example`] });
    const [first, second, third] = (await ask('select id from mail order by accepted_at')).map(({ id }) => String(id));
    await ask(`update mail set state = 'sent', settled_at = now() - interval '8 days' where id = '${first ?? ''}'`);
    await ask(`update mail set state = 'dead', settled_at = now() - interval '40 days' where id = '${second ?? ''}'`);
    await ask(`update mail set state = 'dead', settled_at = now() - interval '91 days' where id = '${third ?? ''}'`);
    await start({}, true, (otherwise) => {
      asked.push(otherwise);
      return 90 * 86_400_000;
    });
    await eventually(async () => (await ask('select 1 from mail')).length === 1);
    expect(await ask('select id from mail')).toEqual([{ id: second }]);
    expect(asked).toEqual([QUICK.sentKeptMs, QUICK.deadKeptMs]);
  });
});
