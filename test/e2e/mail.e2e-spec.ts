import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { makeAccessToken, signIdentity } from '../../src/auth/index.js';
import { describeWith } from '../setup/parts.js';
import { postMail, signApplicationCall } from '../support/application-call.js';
import { eventually } from '../support/eventually.js';
import { findFreePort } from '../support/free-port.mjs';
import { call, type CallAnswer } from '../support/http-call.js';
import { type LegacyPhp, signInForSession, startLegacyPhp, unlimitedTable } from '../support/legacy-php.js';
import { MAIL, MAIL_PASSWORD, type MailSite, startMailSite } from '../support/mail-site.js';
import { IDENTITY_SECRET, JWT_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';

describeWith('postgres', 'mail from a page through PHP to the mail server', (program) => {
  let site: MailSite;
  beforeAll(async () => {
    site = await startMailSite(program);
  }, 60_000);
  beforeEach(() => site.reset());
  afterAll(() => site.stop());
  let php: LegacyPhp;
  let gateway: TestGateway;
  let browser: { readonly cookie: string; readonly csrf: string };
  beforeAll(async () => {
    const [url, port] = await Promise.all([site.postgres.createDatabase('gateway'), findFreePort()]);
    php = await startLegacyPhp({ GATEWAY_INTERNAL_URL: `http://127.0.0.1:${port}` });
    gateway = await startTestGateway({
      routes: unlimitedTable(),
      phpTargets: [php.origin],
      env: {
        PORT: String(port),
        DATABASE_URL: url,
        SMTP_HOST: 'localhost',
        SMTP_PORT: String(site.server.port),
        SMTP_USER: 'donna',
        SMTP_PASS: MAIL_PASSWORD,
        SMTP_CA_FILE: site.caFile,
        EMAIL_FROM: 'Zoë Donna <donna@donna.example>',
      },
    });
    browser = await signInForSession(gateway.url, 'demo@donna.example', 'donna-demo');
  }, 60_000);
  afterAll(async () => {
    await gateway.stop();
    await php.stop();
  });

  const post = (path: string, fields: object, headers: Readonly<Record<string, string>> = {}): Promise<CallAnswer> =>
    call(gateway.url, path, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Origin: gateway.url,
        Cookie: browser.cookie,
        'X-CSRF-Token': browser.csrf,
        ...headers,
      },
      body: JSON.stringify(fields),
    });
  const send = (fields: object = {}, headers: Readonly<Record<string, string>> = {}): Promise<CallAnswer> =>
    post(
      '/api/marketing.php',
      { action: 'send', to: 'a@b.example', subject: MAIL.subject, body: 'Hello\n.\nbye', ...fields },
      headers,
    );
  const rows = (): Promise<readonly Record<string, unknown>[]> =>
    site.postgres.ask('gateway', 'select * from mail order by accepted_at');
  const admin = (method: string, path: string, fields?: object, roles = ['admin']): Promise<CallAnswer> =>
    call(gateway.url, `/admin/api/mail${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${makeAccessToken(JWT_SECRET, { subject: 'boss', roles, lifeS: 60 })}`,
        'Content-Type': 'application/json',
      },
      ...(fields === undefined ? {} : { body: JSON.stringify(fields) }),
    });

  it('a mail arrives once, as it was written, and what it said is not kept', async () => {
    const answer = await send();
    expect([answer.status, answer.json()]).toMatchObject([200, { success: true, status: 'queued' }]);
    const { message_id: id } = answer.json() as { message_id: string };
    expect(id).toMatch(/^<[\da-f-]{36}@donna\.example>$/);
    await eventually(async () => (await rows()).at(-1)?.['state'] === 'sent');
    expect(site.server.taken).toHaveLength(1);
    const [mail] = site.server.taken;
    expect(mail).toMatchObject({ from: 'donna@donna.example', to: ['a@b.example'], isSecure: true, user: 'donna' });
    expect(Object.fromEntries(mail?.headers ?? [])).toMatchObject({
      from: 'Zoë Donna <donna@donna.example>',
      to: 'a@b.example',
      subject: MAIL.subject,
      'message-id': id,
    });
    expect(mail?.source).toMatch(/Hello\r\n\.\r\nbye/);
    const [row] = await rows();
    expect(row).toMatchObject({ content: null, recipients: null, refused: null, attempts: 1, fault: null });
    expect(JSON.stringify(row)).not.toMatch(/b\.example|Hello|Gr/);
  });

  it('sales and Donna herself send by the same way', async () => {
    const sales = { action: 'send_email', to: 's@b.example', subject: 'Offer', body: 'Yes' };
    expect((await post('/api/sales/overview.php', sales)).json()).toMatchObject({ status: 'queued' });
    const reply = { action: 'reply_to_email', email_id: 'mail-001', body: 'Yes.' };
    expect((await post('/api/marketing.php', reply)).json()).toMatchObject({ status: 'queued' });
    const talk = await post('/api/donna_logic.php', {
      message: 'Please send an email to d@b.example about lunch: at noon?',
    });
    expect(talk.json()).toMatchObject({
      action: 'email_sent',
      metadata: { message_id: expect.stringMatching(/^<.*>$/) },
    });
    await eventually(() => site.server.taken.length === 3);
    expect(site.server.taken.flatMap(({ to }) => to)).toEqual(expect.arrayContaining(['s@b.example', 'd@b.example']));
  });

  it('a mail that a page sends again under its key is one mail, also when both come at once', async () => {
    const key = { 'Idempotency-Key': 'page-1' };
    const answers = await Promise.all([send({}, key), send({}, key), send({}, key)]);
    answers.push(await send({}, key));
    const ids = answers.map((answer) => (answer.json() as { message_id: string }).message_id);
    expect([answers.map(({ status }) => status), new Set(ids).size]).toEqual([[200, 200, 200, 200], 1]);
    const other = await send({ body: 'Another' }, key);
    expect([other.status, Object.keys((other.json() as { validationErrors: object }).validationErrors)]).toEqual([
      422,
      ['Idempotency-Key'],
    ]);
    expect((await send({}, { 'Idempotency-Key': 'page-2' })).status).toBe(200);
    await eventually(async () => (await rows()).every(({ state }) => state === 'sent'));
    expect(site.server.taken).toHaveLength(2);
  });

  it('what no mail may hold is told by the name that the page knows', async () => {
    const answer = await send({ subject: 'x\u0085Bcc: y@z.example' });
    expect([answer.status, answer.json()]).toMatchObject([422, { validationErrors: { subject: expect.any(String) } }]);
  });

  it('nobody but PHP may hand in mail, and nobody twice by the same call', async () => {
    const path = '/api/internal/mail';
    const body = JSON.stringify({ idempotency_key: 'k', ...MAIL });
    const sendRaw = (headers: Readonly<Record<string, string>>, to = path, bytes = body): Promise<CallAnswer> =>
      call(gateway.url, to, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...headers },
        body: bytes,
      });
    const signed = (
      claims: object = {},
      options: { header?: object; secret?: string } = {},
    ): Record<string, string> => ({
      'X-Gateway-Call': signApplicationCall({ path, body }, claims, options),
    });
    const now = Math.floor(Date.now() / 1000);
    const bodyDigest = createHash('sha256').update(body).digest('base64url');
    const identity = signIdentity(IDENTITY_SECRET, 'internal', 'POST', path, { bodyDigest });
    const bearer = makeAccessToken(JWT_SECRET, { subject: 'boss', roles: ['admin'], lifeS: 60 });
    const good = signed();
    for (const headers of [
      {},
      { Authorization: `Bearer ${bearer}` },
      { Cookie: browser.cookie, 'X-CSRF-Token': browser.csrf },
      { 'X-Gateway-Identity': identity },
      { 'X-Gateway-Call': identity },
      { 'X-Gateway-Call': `${good['X-Gateway-Call'] ?? ''}x` },
      signed({}, { secret: 'another-secret-0123456789-0123456789' }),
      signed({}, { header: { alg: 'none' } }),
      signed({}, { header: { typ: 'gateway-identity+jwt' } }),
      signed({}, { header: { crit: ['x'] } }),
      signed({ iss: 'donna-gateway' }),
      signed({ aud: 'donna-php' }),
      signed({ aud: ['donna-gateway'] }),
      signed({ htm: 'GET' }),
      signed({ htu: '/api/voice/fanout' }),
      signed({ bd: 'x' }),
      signed({ jti: 'short' }),
      signed({ jti: undefined }),
      signed({ exp: now + 3600 }),
      signed({ iat: now - 120, exp: now - 60 }),
      signed({ iat: now + 60, exp: now + 100 }),
    ]) {
      const answer = await sendRaw(headers);
      expect([answer.status, (answer.json() as { errorCode: string }).errorCode]).toEqual([401, 'UNAUTHENTICATED']);
    }
    expect((await sendRaw(good, path, body.replace('Hello', 'Hella'))).status).toBe(401);
    expect((await sendRaw(good, `${path}/`)).status).not.toBe(202);
    const before = (await rows()).length;
    expect([(await sendRaw(good)).status, (await sendRaw(good)).status]).toEqual([202, 401]);
    expect((await rows()).length).toBe(before + 1);
    // Nor does it pass for the gateway's own word, to the gateway or to PHP.
    const call2 = signApplicationCall({ path: '/api/voice/fanout', body: '{"kind":"turn"}' });
    const fanout = await sendRaw({ 'X-Gateway-Identity': call2 }, '/api/voice/fanout', '{"kind":"turn"}');
    expect(fanout.status).toBe(401);
    const own = signApplicationCall({ method: 'GET', path: '/api/auth/session.php', body: '' }, { via: 'internal' });
    const session = await call(php.origin, '/api/auth/session.php', { headers: { 'X-Gateway-Identity': own } });
    expect(session.status).toBe(403);
  });

  it('fields that are not known and files from anywhere but the call are refused', async () => {
    const file = { filename: 'a.pdf', content_type: 'application/pdf', content: 'JVBERg==' };
    for (const [fields, fault] of [
      [{ cc: 'x@y.example' }, 'cc'],
      [{ headers: { Bcc: 'x@y.example' } }, 'headers'],
      [{ from: 'x@y.example' }, 'from'],
      [{ idempotency_key: 'a b' }, 'idempotency_key'],
      [{ attachments: [{ filename: 'a.pdf', content_type: 'application/pdf', path: '/etc/passwd' }] }, 'attachments'],
      [{ to: 'a@b.example, x@y.example' }, 'to'],
    ] as const) {
      const answer = await postMail(gateway.url, { ...MAIL, ...fields });
      expect([answer.status, Object.keys((answer.json() as { validationErrors: object }).validationErrors)]).toEqual([
        422,
        [fault],
      ]);
    }
    expect((await postMail(gateway.url, { ...MAIL, attachments: [file] })).status).toBe(202);
    await eventually(() => site.server.taken.some(({ source }) => source.includes('JVBERg==')));
  });

  it('a mail that is refused for good is a dead letter, which administrators see, try again and drop', async () => {
    site.answerTo = (address) => (address === 'gone@b.example' ? '550 5.1.1 no gone@b.example here' : undefined);
    for (const subject of ['First', 'Second']) await send({ to: 'gone@b.example', subject });
    interface List {
      readonly data: {
        readonly isKnown: boolean;
        readonly mails: readonly { readonly id: string; readonly state: string }[];
      };
    }
    const list = async (): Promise<List['data']> => ((await admin('GET', '')).json() as List).data;
    await eventually(async () => (await list()).mails.filter(({ state }) => state === 'dead').length === 2);
    const { isKnown, mails } = await list();
    expect([isKnown, mails]).toMatchObject([
      true,
      [{ state: 'dead', attempts: 1, recipients: 1, fault: 'EENVELOPE RCPT TO 550 5.1.1' }, {}],
    ]);
    expect(JSON.stringify(mails)).not.toMatch(/b\.example|First/);
    const [first, second] = mails.map(({ id }) => id);
    const reason = { reason: 'the address is there again' };
    expect((await admin('GET', '', undefined, ['user'])).status).toBe(403);
    expect((await admin('POST', `/${first ?? ''}/retry`, reason, ['user'])).status).toBe(403);
    expect((await admin('POST', `/${first ?? ''}/retry`, {})).status).toBe(422);
    expect((await admin('POST', '/none/retry', reason)).status).toBe(404);
    site.answerTo = () => undefined;
    expect((await admin('POST', `/${first ?? ''}/retry`, reason)).status).toBe(200);
    expect((await admin('DELETE', `/${second ?? ''}`, reason)).status).toBe(200);
    expect((await admin('DELETE', `/${second ?? ''}`, reason)).status).toBe(404);
    await eventually(() => site.server.taken.length === 1);
    expect(site.server.taken[0]?.to).toEqual(['gone@b.example']);
    await eventually(async () => (await list()).mails.length === 0);
    const audit = await site.postgres.ask('gateway', 'select mail, action, by, reason from mail_audit order by id');
    expect(audit).toEqual([
      { mail: first, action: 'retry', by: 'boss', ...reason },
      { mail: second, action: 'drop', by: 'boss', ...reason },
    ]);
  });

  it('is counted', async () => {
    await eventually(async () => (await rows()).every(({ state }) => state === 'sent'));
    await eventually(async () => {
      const { text } = await call(gateway.url, '/metrics');
      return /^donna_mail_total\{outcome="dead"\} 2$/m.test(text) && /^donna_mail_queued 0$/m.test(text);
    });
    const { text } = await call(gateway.url, '/metrics');
    expect(text).toMatch(/^donna_mail_total\{outcome="sent"\} [1-9]\d*$/m);
    expect(text).toMatch(/^donna_mail_taken_total\{outcome="repeated"\} [1-9]/m);
    expect(text).toMatch(/^donna_mail_oldest_seconds 0$/m);
  });

  it('is refused with a kind word where no mail server is set, after it was looked at', async () => {
    const gateway = await startTestGateway({ routes: unlimitedTable(), phpTargets: ['http://127.0.0.1:9'] });
    try {
      const answer = await postMail(gateway.url, MAIL);
      expect([answer.status, answer.json()]).toMatchObject([
        503,
        { errorCode: 'MAIL_NOT_CONFIGURED', error: 'Sending mail is not configured.' },
      ]);
      expect((await postMail(gateway.url, { ...MAIL, subject: 'x\ny' })).status).toBe(422);
    } finally {
      await gateway.stop();
    }
  });
});
