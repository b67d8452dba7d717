import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { resolve } from 'node:path';
import { describeWith } from '../setup/parts.js';
import { type Balancer, startBalancer } from '../support/balancer.js';
import { eventually } from '../support/eventually.js';
import { findFreePort } from '../support/free-port.mjs';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.js';
import { EVE, EVE_PASSWORD, type LegacyPhp, signInForSession, startLegacyPhp } from '../support/legacy-php.js';
import { type PostgresServer, startPostgresServer } from '../support/postgres-server.js';
import { RealtimeClient } from '../support/realtime-client.js';
import { accessToken, KEY } from '../support/realtime-site.js';
import { type RealtimeUpstream, startRealtimeUpstream } from '../support/realtime-upstream.js';
import { type RedisServer, startRedisServer } from '../support/redis-server.js';
import { ADMIN, type Answer, bearer, call } from '../support/worker-site.js';

const LIMIT = 40;

/** The shipped table, with limits that nobody meets but on one route. */
const TABLE = readFileSync(resolve(import.meta.dirname, '../../routes.yaml'), 'utf8')
  .replace(/limit: \d+/g, 'limit: 1000000')
  .replace(/^( +stage:) .*$/gm, '$1 proxy')
  .replace(/^  rateLimit:$/m, `  rateLimit:\n    few: { limit: ${LIMIT}, windowS: 600, per: ip }`)
  .replace(
    /^routes:$/m,
    `routes:\n  limited: { match: { path: /limited, methods: [GET] }, handler: health.live, policies: { authorization: public, rateLimit: [few] } }`,
  );

/** State stands in Postgres and Redis alone: two instances behind a balancer are one gateway. */
describeWith('nginx', 'two instances behind nginx', (nginx) => {
  describeWith('postgres', 'with one Postgres', (postgresProgram) => {
    describeWith('redis', 'and one Redis', (redisProgram) => {
      let postgres: PostgresServer;
      let redis: RedisServer;
      let php: LegacyPhp;
      let provider: RealtimeUpstream;
      let balancer: Balancer;
      let ports: readonly number[];
      const instances: GatewayProcess[] = [];

      const start = async (at: number): Promise<void> => {
        instances[at] = await startGatewayProcess(TABLE, php.origin, {
          PORT: String(ports[at]),
          DATABASE_URL: postgres.urlOf('instances'),
          REDIS_URL: redis.url,
          TRUSTED_PROXIES: '127.0.0.1',
          ENABLE_WS_PROXY: 'true',
          OPENAI_BASE_URL: provider.baseUrl,
          OPENAI_API_KEY: KEY,
          LOG_LEVEL: 'warn',
        });
      };
      const urlOf = (at: number): string => instances[at]?.url ?? '';

      beforeAll(async () => {
        [postgres, redis, php, provider] = await Promise.all([
          startPostgresServer(postgresProgram),
          startRedisServer(redisProgram),
          startLegacyPhp(),
          startRealtimeUpstream(),
        ]);
        php.setUsers(EVE);
        await postgres.createDatabase('instances');
        ports = [await findFreePort(), await findFreePort()];
        await start(0);
        await start(1);
        balancer = await startBalancer(
          nginx,
          instances.map(({ url }) => url),
        );
      }, 120_000);
      afterAll(async () => {
        await balancer.stop();
        for (const instance of instances) await instance.stop();
        await Promise.all([provider.stop(), php.stop(), redis.stop(), postgres.stop()]);
      });

      it('count limits together', async () => {
        const answers = await Promise.all(
          Array.from({ length: 100 }, () => call(`${balancer.url}/limited`, { withinMs: 15_000 })),
        );
        const count = (status: number): number => answers.filter((answer) => answer.status === status).length;
        expect([count(200), count(429)]).toEqual([LIMIT, 100 - LIMIT]);
      });

      it('know a session that began at the other, and its end', async () => {
        const { cookie, csrf } = await signInForSession(urlOf(0), EVE.email, EVE_PASSWORD);
        const ask = (at: number): Promise<Answer> =>
          call(`${urlOf(at)}/api/conversations.php`, { headers: { Cookie: cookie } });
        expect([(await ask(0)).status, (await ask(1)).status]).toEqual([200, 200]);
        const headers = { Cookie: cookie, 'X-CSRF-Token': csrf };
        expect((await call(`${urlOf(1)}/api/auth/logout.php`, { method: 'POST', headers, body: {} })).status).toBe(200);
        await eventually(async () => (await ask(0)).status === 401);
        expect((await ask(1)).status).toBe(401);
      });

      it('void what they store when the other writes', async () => {
        const headers = bearer(accessToken());
        const list = (at: number): Promise<Answer> => call(`${urlOf(at)}/api/conversations.php`, { headers });
        await list(0);
        await eventually(async () => (await list(1)).headers['cache-status']?.includes('hit') === true);
        const made = { method: 'POST', headers, body: { title: 'seen by both' } };
        expect((await call(`${urlOf(0)}/api/conversations.php`, made)).status).toBe(201);
        for (const at of [0, 1]) expect((await list(at)).text).toContain('seen by both');
      });

      it('follow a stage that the other has changed', async () => {
        const isNative = async (at: number): Promise<boolean> => {
          const { text } = await call(`${urlOf(at)}/admin/api/stages/settings.get`, { headers: ADMIN });
          const { data } = JSON.parse(text) as { readonly data: { readonly effective: { readonly stage: string } } };
          return data.effective.stage === 'replaced';
        };
        const url = `${urlOf(0)}/admin/api/stages/settings.get`;
        const set = { method: 'PUT', headers: ADMIN, body: { stage: 'replaced', reason: 'a test' } };
        expect((await call(url, set)).status).toBe(200);
        await eventually(() => isNative(1));
        expect((await call(url, { ...set, body: { stage: 'proxy', reason: 'and back' } })).status).toBe(200);
        await eventually(async () => !(await isNative(1)));
      });

      it('restart one after the other without a request that fails; who talks is told and comes back', async () => {
        const talk = async (): Promise<RealtimeClient> => {
          const client = await RealtimeClient.connect(`${balancer.url.replace('http', 'ws')}/realtime`);
          client.send({ type: 'authenticate', token: accessToken() });
          await client.next('auth_success');
          return client;
        };
        const talkers = [await talk(), await talk()];
        const headers = bearer(accessToken());
        const agent = new Agent({ keepAlive: true, maxSockets: 8 });
        const statuses = new Map<string, number>();
        const run = { isOver: false };
        const callers = Array.from({ length: 8 }, async (_, caller) => {
          for (let i = 0; !run.isOver; i++) {
            const isWrite = (i + caller) % 4 === 0;
            const body = { title: `${caller}-${i}` };
            const answer = await call(`${balancer.url}/api/conversations.php`, {
              agent,
              headers,
              ...(isWrite ? { method: 'POST', body } : {}),
            });
            const kind = `${isWrite ? 'POST' : 'GET'} ${answer.status}`;
            statuses.set(kind, (statuses.get(kind) ?? 0) + 1);
          }
        });
        const seen = (): number => [...statuses.values()].reduce((sum, count) => sum + count, 0);
        for (const at of [0, 1]) {
          const before = seen();
          await eventually(() => seen() > before + 40);
          await instances[at]?.end('SIGTERM');
          const without = seen();
          await eventually(() => seen() > without + 40);
          await instances[at]?.stop();
          await start(at);
          // Until nginx asks it again: else it would have nobody left when the other goes.
          const { host } = new URL(urlOf(at));
          await eventually(async () => (await call(`${balancer.url}/livez`)).headers['x-served-by'] === host);
        }
        run.isOver = true;
        await Promise.all(callers);
        agent.destroy();
        expect([...statuses.keys()].toSorted()).toEqual(['GET 200', 'POST 201']);
        for (const { closed } of talkers) expect(closed?.code).toBe(1001);
        for (const client of [await talk(), await talk()]) client.socket.terminate();
      }, 120_000);
    });
  });
});
