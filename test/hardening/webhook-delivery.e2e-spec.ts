import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type EmbeddedPhp, type EmbeddedPhpKind, startEmbeddedPhp } from '../../src/forward/embedded/index.js';
import { describeWith } from '../setup/parts.js';
import { eventually } from '../support/eventually.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { type RedisServer, startRedisServer } from '../support/redis-server.js';
import { WebhookSender } from '../support/signed-webhook.js';
import { IDENTITY_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';

const PATH = '/api/telnyx/webhook.php';

/** PHP compiled to WebAssembly has no sodium: it takes a webhook on the gateway's signed word. */
function webhooksReach(kind: EmbeddedPhpKind): void {
  const sender = new WebhookSender();
  const data = mkdtempSync(join(tmpdir(), 'donna-webhook-'));
  let php: EmbeddedPhp;
  let gateway: TestGateway;

  beforeAll(async () => {
    php = await startEmbeddedPhp({
      kind,
      workers: 1,
      root: resolve(import.meta.dirname, '../../legacy-php'),
      env: {
        NODE_ENV: 'test',
        DONNA_DATA_DIR: data,
        DONNA_LOOPBACK_ONLY: '1',
        REQUIRE_GATEWAY: 'true',
        GATEWAY_IDENTITY_SECRET: IDENTITY_SECRET,
        TELNYX_PUBLIC_KEY: sender.publicKey,
      },
      log: () => undefined,
    });
    gateway = await startTestGateway({ phpTargets: [php.origin], env: { TELNYX_PUBLIC_KEY: sender.publicKey } });
  }, 60_000);
  afterAll(async () => {
    await gateway.stop();
    await php.stop();
    rmSync(data, { recursive: true, force: true });
  });

  it('brings a signed webhook to PHP, once', async () => {
    const body = sender.event();
    const headers = sender.headers(body);
    const answer = await sender.send(gateway.url, PATH, body, { headers });
    expect([answer.status, answer.json()]).toEqual([
      200,
      expect.objectContaining({ success: true, status: 'received' }),
    ]);
    expect((await sender.send(gateway.url, PATH, body, { headers })).status).toBe(401);
  });

  it('brings none whose byte was changed, nor one that PHP alone would have to judge', async () => {
    const body = sender.event();
    const changed = await sender.send(gateway.url, PATH, body.replace('1.0', '1.1'), { headers: sender.headers(body) });
    expect([changed.status, changed.json()]).toEqual([401, expect.objectContaining({ errorCode: 'UNAUTHENTICATED' })]);
    expect((await sender.send(gateway.url, PATH, '')).status).toBe(401);
    // Straight to PHP, past the gateway.
    expect((await sender.send(php.origin, PATH, body)).status).toBe(403);
  });

  it('lets PHP’s refusal of a signed body through, and takes the body again', async () => {
    const body = `not json ${sender.event()}`;
    const headers = sender.headers(body);
    expect((await sender.send(gateway.url, PATH, body, { headers })).status).toBe(400);
    await eventually(async () => (await sender.send(gateway.url, PATH, body, { headers })).status === 400);
  });
}

describeWith('php', 'a webhook on its way to PHP', () => webhooksReach('system'));
describe('a webhook on its way to PHP without sodium', () => webhooksReach('wasm'));

describeWith('redis', 'a webhook that two gateways could take', (program) => {
  const sender = new WebhookSender();
  let redis: RedisServer;
  let upstream: RawUpstream;
  let gateways: readonly TestGateway[];
  let status = 200;

  beforeAll(async () => {
    redis = await startRedisServer(program);
    upstream = await startRawUpstream((socket) =>
      socket.write(httpAnswer(status, { 'Content-Type': 'application/json' }, '{"status":"received"}')),
    );
    const env = { REDIS_URL: redis.url, TELNYX_PUBLIC_KEY: sender.publicKey };
    const start = (): Promise<TestGateway> => startTestGateway({ phpTargets: [upstream.origin], env });
    gateways = [await start(), await start()];
  });
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
    await upstream.stop();
    await redis.stop();
  });

  const send = async (which: number, body: string, headers: Record<string, string>): Promise<number> =>
    (await sender.send(gateways[which]?.url ?? '', PATH, body, { headers })).status;

  it('is taken by one of them', async () => {
    const body = sender.event();
    const headers = sender.headers(body);
    const statuses = await Promise.all(Array.from({ length: 10 }, (_, i) => send(i % 2, body, headers)));
    expect(statuses.toSorted()).toEqual([200, ...Array.from({ length: 9 }, () => 401)]);
    expect([await send(0, body, headers), await send(1, body, headers)]).toEqual([401, 401]);
  });

  it('is taken by the other when PHP failed behind the first', async () => {
    const body = sender.event();
    const headers = sender.headers(body);
    status = 500;
    expect(await send(0, body, headers)).toBe(500);
    status = 200;
    await eventually(async () => (await send(1, body, headers)) === 200);
    expect([await send(0, body, headers), await send(1, body, headers)]).toEqual([401, 401]);
  });

  it('is taken while Redis is dead, and by each only once', async () => {
    const before = sender.event();
    const headersBefore = sender.headers(before);
    expect(await send(0, before, headersBefore)).toBe(200);
    await redis.kill();
    const body = sender.event();
    const headers = sender.headers(body);
    expect(await send(0, body, headers)).toBe(200);
    expect([await send(0, body, headers), await send(0, before, headersBefore)]).toEqual([401, 401]);
    await redis.start();
  });
});
