import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { makeAccessToken, signIdentity } from '../../src/auth/index.js';
import { loadConfig } from '../../src/config/index.js';
import { type EmbeddedPhp, phpEnvironment, startEmbeddedPhp } from '../../src/forward/index.js';
import { type ProviderStub, startProviderStub } from '../../src/providers/index.js';
import { describeWith } from '../setup/parts.js';
import { call, type CallAnswer } from '../support/http-call.js';
import { REFUSED } from '../support/refused-requests.js';
import {
  type Sent,
  post,
  put,
  form,
  get,
  CHAT,
  CONVERSATIONS,
  SETTINGS,
  MARKETING,
  VOICE,
  SALES,
  SECRETARY,
  LOGIN,
} from '../support/sent-request.js';
import { GOOD, TAKEN } from '../support/taken-requests.js';
import { IDENTITY_SECRET, JWT_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';

const PROJECT = resolve(import.meta.dirname, '../..');
describeWith('php', 'a request, refused by the gateway before PHP or by PHP itself', (phpProgram) => {
  const folder = mkdtempSync(join(tmpdir(), 'input-parity-'));
  let stub: ProviderStub;
  let php: EmbeddedPhp;
  let gateway: TestGateway;
  let count = 0;

  beforeAll(async () => {
    expect(phpProgram).not.toBe('');
    stub = await startProviderStub();
    const env = { NODE_ENV: 'test', LOG_LEVEL: 'error', JWT_SECRET, GATEWAY_IDENTITY_SECRET: IDENTITY_SECRET };
    const config = loadConfig(
      { ...env, ROUTES_FILE: join(PROJECT, 'routes.yaml') },
      { projectRoot: folder, packageVersion: '0.0.0-test' },
    );
    php = await startEmbeddedPhp({
      root: join(PROJECT, 'legacy-php'),
      env: { ...phpEnvironment(config, stub.origin), DONNA_LOOPBACK_ONLY: '1', ENABLE_PHP_RATE_LIMITING: 'false' },
      log: () => undefined,
    });
    gateway = await startTestGateway({ phpTargets: [php.origin], env: { TRUSTED_PROXIES: '127.0.0.1/32' } });
  }, 60_000);
  afterAll(async () => {
    await gateway.stop();
    await php.stop();
    await stub.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A caller and an address of its own for each, so that no limit is in the way. */
  const ask = async (sent: Sent, isDirect: boolean): Promise<CallAnswer> => {
    count += 1;
    const subject = `parity-${count}`;
    const path = sent.path.split('?', 1)[0] ?? '';
    const identity = signIdentity(
      IDENTITY_SECRET,
      { subject, roles: ['user', 'admin'], via: 'jwt' },
      sent.method,
      path,
    );
    const headers = {
      ...(sent.type === undefined ? {} : { 'Content-Type': sent.type }),
      ...(isDirect
        ? { 'X-Gateway-Identity': identity }
        : {
            Authorization: `Bearer ${makeAccessToken(JWT_SECRET, { subject, roles: ['user', 'admin'], lifeS: 600 })}`,
            'X-Forwarded-For': `10.${count >> 16}.${(count >> 8) & 255}.${count & 255}`,
          }),
    };
    return call(isDirect ? php.origin : gateway.url, sent.path, {
      method: sent.method,
      headers,
      ...(sent.body === undefined ? {} : { body: sent.body }),
    });
  };
  const verdict = (answer: CallAnswer): unknown => {
    const { errorCode, validationErrors } = answer.json() as { errorCode?: string; validationErrors?: object };
    return {
      status: answer.status,
      errorCode,
      fields: validationErrors === undefined ? undefined : Object.keys(validationErrors).toSorted(),
    };
  };
  const isRefused = ({ status }: CallAnswer): boolean => [400, 413, 415, 422].includes(status);

  it.each(REFUSED)('is refused alike: %s', async (_title, sent) => {
    const direct = await ask(sent, true);
    const through = await ask(sent, false);
    expect(isRefused(direct)).toBe(true);
    expect(verdict(through)).toEqual(verdict(direct));
  });

  it.each(TAKEN)('is taken alike: %s', async (_title, sent) => {
    const direct = await ask(sent, true);
    const through = await ask(sent, false);
    expect(isRefused(direct)).toBe(false);
    expect(verdict(through)).toEqual(verdict(direct));
  });

  it('is refused in PHP\u2019s own words', async () => {
    const texts = async (sent: Sent): Promise<unknown> => {
      const answers = await Promise.all([ask(sent, true), ask(sent, false)]);
      const [direct, through] = answers.map(
        (answer) => (answer.json() as { validationErrors: unknown }).validationErrors,
      );
      expect(through).toEqual(direct);
      return direct;
    };
    expect(await texts(get(`${MARKETING}?limit=0`))).toEqual({ limit: 'must be a whole number from 1 to 100' });
    await texts(
      put(SETTINGS, { greeting: '', themeColor: 'red', position: 'x', behavior: { tone: 1, maxHistory: 'x' } }),
    );
    await texts(post(CHAT, { message: '', chat_id: '../x', user_email: 'x', user_profile: 1, chat_history: ['x'] }));
  });

  const value = fc.oneof(
    fc.constantFrom<unknown>(
      null,
      '',
      ' ',
      0,
      1,
      5,
      -1,
      101,
      1.5,
      true,
      false,
      '5',
      '1',
      'true',
      'x',
      'a/b',
      '..',
      'a..b',
      [],
      {},
      [1],
      { a: 1 },
    ),
    fc.constantFrom<unknown>(
      'dark',
      'sales',
      'active',
      'won',
      'hot',
      'low',
      '#abc',
      'en',
      '2024-02-29',
      '2023-02-29',
      'a@b.example',
      '+15550100123',
      '+1 555 0100123',
      '2025-05-13T10:00Z',
    ),
    fc.constantFrom<unknown>(
      'a\nb',
      'é'.repeat(200),
      'x'.repeat(201),
      '😀'.repeat(120),
      'x'.repeat(121),
      [{ role: 'user', content: 'x' }],
      [{ role: 'user' }],
      { name: 'x' },
      '{"a":1}',
    ),
  );
  const fieldsOf = (...names: string[]): fc.Arbitrary<object> => {
    const mostlyGood = (name: string): fc.Arbitrary<unknown> =>
      fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...(GOOD[name] ?? ['x'])) }, { weight: 1, arbitrary: value });
    const fields = Object.fromEntries(names.map((name) => [name, mostlyGood(name)]));
    return fc.oneof(fc.record(fields), fc.record(fields, { requiredKeys: [] }));
  };
  const sentJson = (method: string, path: string, action: string | undefined, ...names: string[]): fc.Arbitrary<Sent> =>
    fieldsOf(...names).map((fields) => ({
      ...post(path, action === undefined ? fields : { action, ...fields }),
      method,
    }));
  const sentForm = (path: string, action: string, ...names: string[]): fc.Arbitrary<Sent> =>
    fieldsOf(...names).map((fields) => {
      const pairs = Object.entries(fields).filter(([, given]) => given !== null && typeof given !== 'object');
      return form(
        path,
        new URLSearchParams([
          ['action', action],
          ...pairs.map(([name, given]): [string, string] => [name, String(given)]),
        ]).toString(),
      );
    });
  const requests = fc.oneof(
    sentJson(
      'POST',
      CHAT,
      undefined,
      'message',
      'chat_id',
      'user_email',
      'user_id',
      'user_profile',
      'chat_history',
      'user_memory',
    ),
    sentJson('POST', CONVERSATIONS, undefined, 'title', 'profile', 'metadata'),
    sentJson('PUT', CONVERSATIONS, undefined, 'id', 'title', 'status', 'metadata'),
    sentJson(
      'PUT',
      SETTINGS,
      undefined,
      'greeting',
      'themeColor',
      'position',
      'profile',
      'theme',
      'language',
      'behavior',
      'knowledge',
    ),
    sentJson('POST', MARKETING, 'reply_to_email', 'email_id', 'to', 'subject', 'body'),
    sentJson('POST', MARKETING, 'draft_ai_reply', 'email_id', 'to', 'subject', 'body'),
    sentJson('POST', SALES, 'update_lead', 'lead_id', 'id', 'status', 'temperature', 'score', 'notes'),
    sentJson('POST', SALES, 'voice_event', 'kind', 'type', 'session_id', 'text', 'payload', 'data', 'at'),
    sentJson('POST', SALES, 'add_contact', 'name', 'email', 'phone', 'company'),
    sentJson('POST', SALES, 'send_text', 'to', 'text', 'message'),
    sentJson('POST', SECRETARY, 'add_task', 'title', 'due', 'priority', 'notes'),
    sentJson('POST', VOICE, 'transfer_call', 'to', 'call_id', 'call_control_id'),
    sentForm(SECRETARY, 'add_task', 'title', 'due', 'priority', 'notes'),
    sentForm(SALES, 'update_lead', 'lead_id', 'id', 'status', 'score', 'notes'),
    fieldsOf('limit', 'category').map((fields) =>
      get(
        `${MARKETING}?${new URLSearchParams(Object.entries(fields).map(([name, given]): [string, string] => [name, String(given)])).toString()}`,
      ),
    ),
  );

  it('is told alike for 150 random ones', async () => {
    const tally = { taken: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(requests, async (sent) => {
        const [direct, through] = await Promise.all([ask(sent, true), ask(sent, false)]);
        tally[isRefused(direct) ? 'refused' : 'taken'] += 1;
        expect(verdict(through)).toEqual(verdict(direct));
      }),
      { seed: 20_261_123, numRuns: 150 },
    );
    // The samples are worth something.
    expect(tally.taken).toBeGreaterThan(40);
    expect(tally.refused).toBeGreaterThan(40);
  }, 120_000);

  it('is told alike of a sign-in', async () => {
    const anonymous = (method: string, path: string): Record<string, string> => ({
      'X-Gateway-Identity': signIdentity(IDENTITY_SECRET, 'anonymous', method, path),
    });
    const page = await call(php.origin, '/login.php', { headers: anonymous('GET', '/login.php') });
    const cookie = (page.all('set-cookie')[0] ?? '').split(';', 1)[0] ?? '';
    const token = /name="csrf_token" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
    for (const fields of [
      {},
      { email: 'x', password: '' },
      { email: 'a@b.example', password: 5 },
      { email: 'a@b', password: 'é'.repeat(513) },
    ]) {
      const headers = { 'Content-Type': 'application/json', Cookie: cookie, 'X-CSRF-Token': token };
      const answers: CallAnswer[] = [];
      const body = JSON.stringify(fields);
      for (const [origin, more] of [[php.origin, anonymous('POST', LOGIN)] as const, [gateway.url, {}] as const])
        answers.push(await call(origin, LOGIN, { method: 'POST', headers: { ...headers, ...more }, body }));
      const [direct, through] = answers.map(verdict);
      expect(direct).toMatchObject({ status: 422 });
      expect(through).toEqual(direct);
    }
  });
});
