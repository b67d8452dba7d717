import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { gunzipSync } from 'node:zlib';
import createClient from 'openapi-fetch';
import type { paths } from '../../docs/api/donna-gateway.js';
import { makeAccessToken } from '../../src/auth/index.js';
import type { OpenApiDocument } from '../../src/openapi/document.types.js';
import { describeWith } from '../setup/parts.js';
import { ApiDocument } from '../support/api-document.js';
import { ExampleSender } from '../support/example-sender.js';
import { DEMO, type DonnaSite, startDonnaSite } from '../support/donna-site.js';
import { call, type CallAnswer } from '../support/http-call.js';
import { startPrefixProxy } from '../support/prefix-proxy.js';
import { SHIPPED, tableOf } from '../support/shipped-table.js';
import { JWT_SECRET } from '../support/test-gateway.js';

const bearer = (roles: readonly string[], subject = 'user_demo'): Readonly<Record<string, string>> => ({
  Authorization: `Bearer ${makeAccessToken(JWT_SECRET, { subject, roles, lifeS: 600 })}`,
});
const ADMIN = bearer(['user', 'admin']);
const USER = bearer(['user']);

describeWith('chromium', 'the API as it documents itself', (chromium) => {
  let site: DonnaSite;
  let gateway: string;
  let everyone: ApiDocument;
  const read = async (headers: Readonly<Record<string, string>> = {}): Promise<CallAnswer> =>
    call(gateway, '/openapi.json', { headers });

  beforeAll(async () => {
    site = await startDonnaSite(chromium, { hasRealtime: true });
    gateway = site.url;
    everyone = new ApiDocument((await read()).json() as OpenApiDocument);
  });
  afterEach(() => site.settle());
  afterAll(async () => {
    await site.stop();
  });

  describe('/openapi.json', () => {
    it('tells users and strangers the same, and administrators of stages and of their own routes besides', async () => {
      const [stranger, user, admin] = await Promise.all([read(), read(USER), read(ADMIN)]);
      expect(user.text).toBe(stranger.text);
      expect(stranger.text).not.toMatch(/x-donna|\/admin|\/api\/internal|conversations\.php","target|127\.0\.0\.1/);
      expect(stranger.headers).toMatchObject({
        'content-type': 'application/json; charset=utf-8',
        'cache-control': 'private, no-cache',
      });
      expect(stranger.headers['vary']).toContain('Authorization, Cookie');
      const { paths } = admin.json() as OpenApiDocument;
      expect(paths['/admin/api/stages/{route}']?.put).toMatchObject({
        operationId: 'admin.stage.set',
        'x-required-roles': ['admin'],
      });
      expect(paths['/api/conversations.php']?.get).toMatchObject({
        operationId: 'conversations.list',
        'x-donna-stage': 'canary',
        'x-donna-weight': 10,
        'x-donna-handler': 'conversations.list',
      });
      expect(admin.text).not.toMatch(/\/api\/internal|127\.0\.0\.1/);
      expect((await read({ Authorization: 'Bearer nonsense' })).status).toBe(401);
    });

    it('has a validator that changes with a stage, for administrators alone, and goes compressed', async () => {
      const [public1, admin1] = await Promise.all([read(), read(ADMIN)]);
      const etag = String(admin1.headers['etag']);
      expect((await read({ ...ADMIN, 'If-None-Match': etag })).status).toBe(304);
      // What a stranger may read is nothing that an administrator's copy is good for.
      expect((await read({ 'If-None-Match': etag })).status).toBe(200);
      const change = {
        method: 'PUT',
        headers: { ...ADMIN, 'Content-Type': 'application/json' },
        body: JSON.stringify({ stage: 'mirror', reason: 'to see' }),
      };
      expect((await call(gateway, '/admin/api/stages/conversations.list', change)).status).toBe(200);
      const admin2 = await read({ ...ADMIN, 'If-None-Match': etag });
      expect((admin2.json() as OpenApiDocument).paths['/api/conversations.php']?.get?.['x-donna-stage']).toBe('mirror');
      expect((await read({ 'If-None-Match': String(public1.headers['etag']) })).status).toBe(304);
      await call(gateway, '/admin/api/stages/conversations.list', {
        ...change,
        method: 'DELETE',
        body: '{"reason":"seen"}',
      });
      expect((await read(ADMIN)).headers['etag']).toBe(etag);
      const zipped = await read({ 'Accept-Encoding': 'gzip' });
      expect(zipped.headers['content-encoding']).toBe('gzip');
      expect(gunzipSync(zipped.body).toString()).toBe(public1.text);
    });

    it('says what answers: every example of every operation, by whoever answers it', async () => {
      const document = new ApiDocument((await read(ADMIN)).json() as OpenApiDocument);
      const sender = new ExampleSender(gateway, document, ADMIN);
      await sender.sendAll(tableOf(SHIPPED));
      expect(sender.faults).toEqual([]);
      expect(sender.covered.size).toBeGreaterThan(25);
    }, 120_000);

    it('says what is refused: nobody, a wrong field, nothing there, each in the envelope and as a problem', async () => {
      const faults: string[] = [];
      const sentAs = async (
        path: string,
        method: string,
        status: number,
        headers: Readonly<Record<string, string>>,
        body?: string,
      ): Promise<void> => {
        for (const accept of ['application/json', 'application/problem+json']) {
          const type = body === undefined ? {} : { 'Content-Type': 'application/json' };
          const answer = await call(gateway, path, {
            method: method.toUpperCase(),
            headers: { ...headers, ...type, Accept: accept },
            ...(body === undefined ? {} : { body }),
          });
          const [bare = path] = path.split('?');
          const wrong = everyone.faultsOf(bare, method, answer);
          faults.push(...wrong.map((fault) => `${method} ${path}: ${fault}`));
          if (answer.status !== status)
            faults.push(`${method} ${path}: ${answer.status} instead of ${status}: ${answer.text}`);
        }
      };
      for (const { path, method, operation } of everyone.operations()) {
        const isClosed =
          operation.security.length > 0 && operation.security.every((one) => Object.keys(one).length > 0);
        if (isClosed && !path.includes('{')) await sentAs(path, method, 401, {});
      }
      await sentAs('/api/chatbot_settings.php', 'post', 422, USER, '{"theme":"purple"}');
      await sentAs('/api/marketing.php?limit=none', 'get', 422, USER);
      await sentAs('/api/conversations.php?id=conv_none', 'delete', 404, USER);
      await sentAs('/api/donna_logic.php', 'post', 400, USER, '{"message":');
      await sentAs('/api/realtime-websocket.php', 'get', 410, {});
      await sentAs('/api/conversations.php', 'post', 413, USER, JSON.stringify({ title: 'x'.repeat(70_000) }));
      expect(faults).toEqual([]);
    });
  });

  // What a mobile team would do. That a wrong field does not compile, `npm run check:types` says by the lines that must not.
  describe('a typed client', () => {
    it('signs in, works with conversations, settings, chat and voice, and is told what is wrong', async () => {
      let token = '';
      const client = createClient<paths>({ baseUrl: gateway, fetch: (request) => fetch(request) });
      client.use({
        onRequest: ({ request }) => {
          if (token !== '') request.headers.set('Authorization', `Bearer ${token}`);
        },
      });
      const unsigned = await client.GET('/api/conversations.php');
      expect(unsigned.error?.errorCode).toBe('UNAUTHENTICATED');

      const signedIn = await client.POST('/api/auth/token', { body: { ...DEMO } });
      token = signedIn.data?.access_token ?? '';
      const { refresh_token = '' } = signedIn.data ?? {};
      const refreshed = await client.POST('/api/auth/token', { body: { refresh_token } });
      token = refreshed.data?.access_token ?? '';
      expect(refreshed.data?.expires_in).toBeGreaterThan(60);

      const made = await client.POST('/api/conversations.php', { body: { title: 'From a phone', profile: 'sales' } });
      expect(made.response.headers.get('X-Trace-Id')).toBe(made.data?.traceId);
      const id = made.data?.data.id ?? '';
      const list = await client.GET('/api/conversations.php');
      expect(list.data?.data.map((one) => [one.id, one.title, one.message_count])).toContainEqual([
        id,
        'From a phone',
        0,
      ]);
      const changed = await client.PUT('/api/conversations.php', { body: { id, status: 'archived' } });
      expect(changed.data?.data.status).toBe('archived');
      const removed = await client.DELETE('/api/conversations.php', { params: { query: { id } } });
      expect(removed.data?.data.id).toBe(id);
      const gone = await client.DELETE('/api/conversations.php', { params: { query: { id } } });
      expect(gone.error?.errorCode).toBe('NOT_FOUND');

      await client.POST('/api/chatbot_settings.php', { body: { theme: 'dark', behavior: { tone: 'formal' } } });
      const settings = await client.GET('/api/chatbot_settings.php');
      expect([settings.data?.data.theme, settings.data?.data.behavior['tone']]).toEqual(['dark', 'formal']);
      const said = await client.POST('/api/donna_logic.php', {
        body: { message: 'Hello', user_profile: 'receptionist' },
      });
      expect(said.data?.metadata.profile).toBe('receptionist');
      const voices = await client.POST('/api/voice-chat.php', { body: { action: 'get_voices' } });
      expect(voices.data !== undefined && 'voices' in voices.data && voices.data.voices[0]?.voice_id).toEqual(
        expect.any(String),
      );
      const secret = await client.POST('/api/realtime/token', { body: { voice: 'marin' } });
      expect(secret.data?.client_secret.value).toBe(secret.data?.value);
      const inbox = await client.GET('/api/marketing.php', { params: { query: { action: 'classify', limit: 1 } } });
      expect(inbox.data?.data.emails[0]?.classification?.confidence).toEqual(expect.any(Number));

      const wrong = await client.POST('/api/chatbot_settings.php', {
        // @ts-expect-error no such theme
        body: { theme: 'purple' },
      });
      const refusal = wrong.error;
      expect(refusal !== undefined && 'validationErrors' in refusal && refusal.validationErrors?.['theme']).toBe(
        'must be one of light, dark, auto',
      );
      // @ts-expect-error a mail has a subject
      const mail = await client.POST('/api/marketing.php', { body: { action: 'send', to: 'a@b.example', body: 'x' } });
      expect(mail.response.status).toBe(422);
      // @ts-expect-error no such field
      expect(list.data?.data[0]?.subject).toBeUndefined();
      // @ts-expect-error no such path
      expect((await client.GET('/api/nowhere.php')).response.status).toBe(404);
    });

    it('is told when it came too often, and when to come again', async () => {
      const client = createClient<paths>({ baseUrl: gateway, fetch: (request) => fetch(request) });
      const body = { email: 'nobody@donna.example', password: 'wrong' };
      let tried = await client.POST('/api/auth/token', { body });
      for (let i = 0; i < 12 && tried.error?.errorCode !== 'RATE_LIMITED'; i += 1)
        tried = await client.POST('/api/auth/token', { body });
      expect(tried.error?.errorCode).toBe('RATE_LIMITED');
      expect(Number(tried.response.headers.get('Retry-After'))).toBeGreaterThan(0);
      expect(tried.response.headers.get('RateLimit')).toContain('"login"');
    });
  });

  describe('/docs', () => {
    it('serves exact names alone, with validators, and nothing of another host', async () => {
      const bare = await call(gateway, '/docs');
      // Not for ever: DOCS_PATH may move, and /docs be the application's.
      expect([bare.status, bare.headers['location'], bare.headers['cache-control']]).toEqual([
        307,
        'docs/',
        'no-store',
      ]);
      const page = await call(gateway, '/docs/');
      expect(page.headers['content-security-policy']).toContain("default-src 'none'");
      expect(page.text).not.toMatch(/<style|<script>|style="|\son\w+=|https?:/);
      expect(page.text).toContain('data-document="../openapi.json"');
      for (const name of ['swagger-ui-bundle.js', 'swagger-ui.css', 'docs.js', 'docs.css']) {
        const file = await call(gateway, `/docs/${name}`, { headers: { 'Accept-Encoding': 'gzip' } });
        expect([name, file.status, file.headers['content-encoding']]).toEqual([name, 200, 'gzip']);
        expect(gunzipSync(file.body).toString()).not.toContain('sourceMappingURL=swagger');
        const again = await call(gateway, `/docs/${name}`, {
          headers: { 'Accept-Encoding': 'gzip', 'If-None-Match': String(file.headers['etag']) },
        });
        expect(again.status).toBe(304);
      }
      for (const name of [
        'index.html',
        'oauth2-redirect.html',
        'swagger-initializer.js',
        'package.json',
        'swagger-ui-bundle.js.map',
        '%2e%2e/package.json',
        'constructor',
        'docs.js/',
      ])
        expect([name, (await call(gateway, `/docs/${name}`)).status]).toEqual([name, 404]);
    });

    it('shows the operations, reads anew with a token, and tries one, behind a prefix and in the dark', async () => {
      const proxy = await startPrefixProxy(gateway, '/prefix');
      try {
        const page = await site.open({
          baseURL: proxy.origin,
          colorScheme: 'dark',
          viewport: { width: 1280, height: 900 },
        });
        await page.goto('/prefix/docs');
        await page.getByText('Begin a conversation').waitFor();
        expect(page.url()).toBe(`${proxy.origin}/prefix/docs/`);
        expect(await page.locator('html.dark-mode').count()).toBe(1);
        expect(await page.getByText('Override the stage of a route').count()).toBe(0);
        await page.getByRole('button', { name: 'Authorize' }).click();
        await page.getByLabel('auth-bearer-value').fill(ADMIN['Authorization']?.slice(7) ?? '');
        await page.getByRole('button', { name: 'Apply credentials' }).first().click();
        await page.locator('.close-modal').click();
        await page.getByText('Override the stage of a route').waitFor();
        await page.locator('#operations-System-health button').first().click();
        await page.getByText('Starts nothing by being asked.').waitFor();
        await page.getByRole('button', { name: 'Try it out' }).click();
        const answered = page.waitForResponse((answer) => answer.url().endsWith('/prefix/api/health'));
        await page.getByRole('button', { name: 'Execute' }).click();
        expect((await answered).status()).toBe(200);
        await page.getByText('"healthy"').first().waitFor();
      } finally {
        await proxy.stop();
      }
    });
  });
});
