import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { call, type CallAnswer, multipart } from '../support/http-call.js';
import { holdsOnce } from '../support/holds-once.js';
import { EVE, EVE_PASSWORD, type LegacyPhp, startLegacyPhp, unlimitedTable } from '../support/legacy-php.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const JSON_TYPE = { 'Content-Type': 'application/json' };
const FORM_TYPE = { 'Content-Type': 'application/x-www-form-urlencoded' };
const OFF = { ...EVE, id: 'user_off', email: 'off@donna.example', disabled: true };
/** Of bcrypt's usual price, so that the time a check takes can be seen. */
const DEMO = { email: 'demo@donna.example', password: 'donna-demo' };

let php: LegacyPhp;
beforeAll(async () => {
  php = await startLegacyPhp();
});
beforeEach(() => php.setUsers(EVE, OFF));
afterAll(() => php.stop());

const askAt = (
  origin: string,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = JSON_TYPE,
  query = '',
): Promise<CallAnswer> => call(origin, `/api/auth/token${query}`, { method: 'POST', headers, body });

describe('signing in for tokens', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({
      phpTargets: [php.origin],
      routes: unlimitedTable(),
      env: { ALLOWED_ORIGINS: 'https://app.example' },
    });
  });
  afterAll(() => gateway.stop());
  const ask = (body: string | Buffer, headers?: Readonly<Record<string, string>>, query?: string) =>
    askAt(gateway.url, body, headers, query);
  const tryPassword = (email: string, password: string) => ask(JSON.stringify({ email, password }));

  it('answers a wrong name, a wrong password and a disabled user alike', async () => {
    const seen = [];
    for (const [email, password] of [
      ['nobody@donna.example', 'x'],
      [EVE.email, 'x'],
      [OFF.email, EVE_PASSWORD],
      [EVE.email, `${EVE_PASSWORD}\0x`],
      [EVE.email, ` ${EVE_PASSWORD}`],
      [EVE.email, EVE_PASSWORD.toUpperCase()],
    ] as const) {
      const { status, headers, text } = await tryPassword(email, password);
      const { 'x-trace-id': traceId = '', date: _date, ...rest } = headers;
      for (const name of Object.keys(rest)) if (/ratelimit/.test(name)) delete rest[name];
      seen.push(JSON.stringify([status, rest, text.replaceAll(String(traceId), '')]));
    }
    expect(new Set(seen).size).toBe(1);
    expect(seen[0]).toContain('401');
    expect(seen[0]).toContain('E-mail or password is wrong.');
  });

  it('takes as long for a wrong name as for a wrong password', async () => {
    await holdsOnce(async () => {
      const times: Record<string, number[]> = { name: [], password: [] };
      for (let i = 0; i < 15; i++) {
        for (const [kind, email] of [
          ['name', 'nobody@donna.example'],
          ['password', DEMO.email],
        ] as const) {
          const startedAt = performance.now();
          expect(await tryPassword(email, 'wrong')).toMatchObject({ status: 401 });
          times[kind]?.push(performance.now() - startedAt);
        }
      }
      // A check costs some 40 ms: without it the one median would be a fraction of the other.
      const ratio = median(times['name'] ?? []) / median(times['password'] ?? []);
      expect(ratio).toBeGreaterThan(0.5);
      expect(ratio).toBeLessThan(2);
    });
  }, 60_000);

  it('takes a password as it is', async () => {
    expect(await tryPassword(EVE.email, EVE_PASSWORD)).toMatchObject({ status: 200 });
    expect(await tryPassword(` ${EVE.email.toUpperCase()} `, EVE_PASSWORD)).toMatchObject({ status: 200 });
    expect(await tryPassword(DEMO.email, DEMO.password)).toMatchObject({ status: 200 });
    for (const password of ['пароль-🔑', '\u{10ffff}', '\u0000', '"\\', '%00', "' OR 1=1 --"])
      expect(await tryPassword(EVE.email, password)).toMatchObject({ status: 401 });
  });

  const good = JSON.stringify({ email: EVE.email, password: EVE_PASSWORD });
  it.each<[string, string, Readonly<Record<string, string>>, number]>([
    ['a list as e-mail', 'email[]=eve%40donna.example&password=x', FORM_TYPE, 400],
    ['a list beside the e-mail', `email=${EVE.email}&email[]=x&password=${EVE_PASSWORD}`, FORM_TYPE, 400],
    ['an operator as e-mail', '{"email":{"$ne":null},"password":{"$ne":null}}', JSON_TYPE, 400],
    ['an operator as password', `{"email":"${EVE.email}","password":{"$ne":null}}`, JSON_TYPE, 422],
    ['true as password', `{"email":"${EVE.email}","password":true}`, JSON_TYPE, 422],
    ['a number as password', `{"email":"${EVE.email}","password":0}`, JSON_TYPE, 422],
    ['an empty password', `{"email":"${EVE.email}","password":""}`, JSON_TYPE, 422],
    ['no password', `{"email":"${EVE.email}"}`, JSON_TYPE, 422],
    ['no e-mail', `{"password":"${EVE_PASSWORD}"}`, JSON_TYPE, 422],
    ['no address', '{"email":"eve","password":"x"}', JSON_TYPE, 422],
    ['a NUL after the e-mail', `{"email":"${EVE.email}\\u0000","password":"${EVE_PASSWORD}"}`, JSON_TYPE, 422],
    ['a line break in the e-mail', `{"email":"${EVE.email}\\nx","password":"${EVE_PASSWORD}"}`, JSON_TYPE, 422],
    ['a password too long', `{"email":"${EVE.email}","password":"${'x'.repeat(1025)}"}`, JSON_TYPE, 422],
    ['a refresh token too long', `{"refresh_token":"${'x'.repeat(257)}"}`, JSON_TYPE, 422],
    [
      'a field of another name',
      `{"email":"${EVE.email}","password":"${EVE_PASSWORD}","roles":["admin"]}`,
      JSON_TYPE,
      422,
    ],
    [
      'a prototype',
      `{"email":"${EVE.email}","password":"${EVE_PASSWORD}","__proto__":{"roles":["admin"]}}`,
      JSON_TYPE,
      400,
    ],
    ['the e-mail twice in a form', `email=a%40b.example&password=${EVE_PASSWORD}&email=${EVE.email}`, FORM_TYPE, 422],
    [
      'the e-mail in PHP’s spelling beside it',
      `email=${EVE.email}&%20email=a%40b.example&password=${EVE_PASSWORD}`,
      FORM_TYPE,
      422,
    ],
    ['a list of JSON', `[${good}]`, JSON_TYPE, 400],
    ['JSON text', '"x"', JSON_TYPE, 400],
    ['two documents', good + good, JSON_TYPE, 400],
    ['cut JSON', good.slice(0, -1), JSON_TYPE, 400],
    ['JSON as text/plain', good, { 'Content-Type': 'text/plain' }, 415],
    ['JSON in a type of its own', good, { 'Content-Type': 'application/vnd.x+json' }, 415],
    ['JSON without a type', good, {}, 415],
    ['a coding', good, { ...JSON_TYPE, 'Content-Encoding': 'gzip' }, 400],
    ['a foreign page', 'email=x', { ...FORM_TYPE, Origin: 'https://evil.example' }, 403],
    ['a sandboxed frame', 'email=x', { ...FORM_TYPE, Origin: 'null' }, 403],
  ])('refuses %s', async (_title, body, headers, status) => {
    const answer = await ask(body, headers);
    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain('access_token');
    expect(answer.text).not.toContain(EVE_PASSWORD);
  });

  it('refuses multipart, and bodies beyond the bound', async () => {
    const form = multipart(Object.entries({ email: EVE.email, password: EVE_PASSWORD }), []);
    expect(await ask(form.body, { 'Content-Type': form.type })).toMatchObject({ status: 415 });
    expect(await tryPassword(EVE.email, 'x'.repeat(1024 * 1024))).toMatchObject({ status: 413 });
  });

  it.each(['?email=a%40b.example', `?email=${EVE.email}&password=correct%20horse%20battery`, '?refresh_token=x', '?x'])(
    'takes nothing from the address: %s',
    async (query) => {
      const answer = await ask(good, JSON_TYPE, query);
      expect(answer.status).toBe(400);
    },
  );

  it('lets an allowed page in, and names it', async () => {
    const answer = await ask(good, { ...JSON_TYPE, Origin: 'https://app.example' });
    expect(answer.status).toBe(200);
    expect(answer.headers['access-control-allow-origin']).toBe('https://app.example');
  });

  it('logs no password, no e-mail and no token, here or in PHP', async () => {
    const told: unknown[] = [];
    for (const level of ['info', 'warn', 'error', 'debug'] as const)
      jest.spyOn(gateway.logger, level).mockImplementation((...args: unknown[]) => void told.push(args));
    try {
      const tokens = (await tryPassword(EVE.email, EVE_PASSWORD)).json() as Record<string, string>;
      await ask(JSON.stringify({ refresh_token: tokens['refresh_token'] }));
      await ask(JSON.stringify({ refresh_token: `dgr1_${'Z'.repeat(64)}` }));
      await tryPassword(EVE.email, 'a-wrong-password');
      await tryPassword('someone@donna.example', `${'x'.repeat(2000)}`);
      await ask(`{"password":"half-a-document`, JSON_TYPE);
      await ask(good, JSON_TYPE, '?password=correct%20horse%20battery');
      const all = JSON.stringify(told) + php.lines.join('\n');
      expect(told.length).toBeGreaterThanOrEqual(7);
      for (const secret of [
        EVE.email,
        'someone@',
        EVE_PASSWORD,
        'a-wrong-password',
        'half-a-document',
        'ZZZZZZZZ',
        tokens['access_token'] ?? '-',
        (tokens['refresh_token'] ?? '-').slice(5, 20),
      ])
        expect(all).not.toContain(secret);
    } finally {
      jest.restoreAllMocks();
    }
  });
});

describe('guessing passwords', () => {
  let gateway: TestGateway;
  let next = 0;
  beforeEach(async () => {
    // The shipped limits; each request may come from an address of its own.
    gateway = await startTestGateway({ phpTargets: [php.origin], env: { TRUSTED_PROXIES: '127.0.0.1' } });
  });
  const stop = () => gateway.stop();
  const from = (address = `10.1.${next >> 8}.${next++ & 255}`) => ({ 'X-Forwarded-For': address });
  const token = (email: string, password: string, headers = from()) =>
    askAt(gateway.url, JSON.stringify({ email, password }), { ...JSON_TYPE, ...headers });
  const loginApi = (email: string, headers = from()) =>
    call(gateway.url, '/api/auth/login.php', {
      method: 'POST',
      headers: { ...JSON_TYPE, ...headers },
      body: JSON.stringify({ email, password: 'x' }),
    });
  const loginPage = (email: string, headers = from()) =>
    call(gateway.url, '/login.php', {
      method: 'POST',
      headers: { ...FORM_TYPE, ...headers },
      body: new URLSearchParams({ email, password: 'x' }).toString(),
    });

  it('of one account is stopped after ten, from wherever, by whichever way and in whatever spelling', async () => {
    try {
      for (let i = 0; i < 4; i++) expect(await token(EVE.email, `guess ${i}`)).toMatchObject({ status: 401 });
      for (let i = 0; i < 3; i++) expect((await loginApi(EVE.email)).status).toBe(403);
      for (let i = 0; i < 3; i++) expect((await loginPage(EVE.email)).status).toBe(403);
      const spellings = [EVE.email, EVE.email.toUpperCase(), ` ${EVE.email}`, `${EVE.email}\t`];
      for (const email of spellings) {
        for (const answer of [await token(email, EVE_PASSWORD), await loginApi(email), await loginPage(email)]) {
          expect(answer.status).toBe(429);
          expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
        }
      }
      expect((await loginPage(`${EVE.email}\0`)).status).toBe(429);
      expect(await token(DEMO.email, DEMO.password)).toMatchObject({ status: 200 });
    } finally {
      await stop();
    }
  });

  it('of many accounts is stopped by the address after ten, by whichever way: the token endpoint is no second purse', async () => {
    try {
      const tries = [
        (email: string) => token(email, 'x', from('10.9.9.9')),
        (email: string) => loginApi(email, from('10.9.9.9')),
        (email: string) => loginPage(email, from('10.9.9.9')),
      ];
      const statuses = [];
      for (let i = 0; i < 12; i++) statuses.push((await tries[i % 3]?.(`user${i}@donna.example`))?.status);
      expect(statuses.slice(0, 10)).not.toContain(429);
      expect(statuses.slice(10)).toEqual([429, 429]);
      expect((await token(EVE.email, EVE_PASSWORD, from('10.9.9.9'))).status).toBe(429);
      expect((await token(EVE.email, EVE_PASSWORD, from('10.9.9.8'))).status).toBe(200);
    } finally {
      await stop();
    }
  });

  it('is not what a phone does that refreshes its token', async () => {
    try {
      const headers = from('10.8.8.8');
      let tokens = (await token(EVE.email, EVE_PASSWORD, headers)).json() as { refresh_token: string };
      for (let i = 0; i < 20; i++) {
        const body = JSON.stringify({ refresh_token: tokens.refresh_token });
        const answer = await askAt(gateway.url, body, { ...JSON_TYPE, ...headers });
        expect(answer.status).toBe(200);
        tokens = answer.json() as { refresh_token: string };
      }
    } finally {
      await stop();
    }
  });

  it('counts in PHP for the client, not for the gateway', async () => {
    const strict = await startLegacyPhp({ ENABLE_PHP_RATE_LIMITING: 'true', PHP_LOGIN_RATE_LIMIT: '2' });
    const other = await startTestGateway({
      phpTargets: [strict.origin],
      routes: unlimitedTable(),
      env: { TRUSTED_PROXIES: '127.0.0.1' },
    });
    try {
      strict.setUsers(EVE);
      const guess = (address: string, password = 'x') =>
        askAt(other.url, JSON.stringify({ email: EVE.email, password }), { ...JSON_TYPE, ...from(address) });
      for (let i = 0; i < 2; i++) expect(await guess('10.7.0.1')).toMatchObject({ status: 401 });
      const refused = await guess('10.7.0.1', EVE_PASSWORD);
      expect(refused.status).toBe(429);
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
      expect(await guess('10.7.0.2', EVE_PASSWORD)).toMatchObject({ status: 200 });
    } finally {
      await other.stop();
      await strict.stop();
      await stop();
    }
  });
});

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
