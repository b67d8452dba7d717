import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RealtimeClient, type RealtimeClientOptions } from '../support/realtime-client.js';
import { type RealtimeSite, SOCKET_ROUTES, startRealtimeSite } from '../support/realtime-site.js';
import { askRaw, parseAnswer, sendRaw } from '../support/raw-client.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

async function refusal(url: string, options: RealtimeClientOptions = {}): Promise<[number, unknown]> {
  const { status, body, headers } = await RealtimeClient.refused(url, options);
  const envelope = JSON.parse(body) as Record<string, unknown>;
  expect([envelope['success'], envelope['traceId']]).toEqual([false, headers['x-trace-id']]);
  expect(headers['x-content-type-options']).toBe('nosniff');
  if (status === 429 || envelope['errorCode'] === 'UPSTREAM_UNAVAILABLE') expect(headers['retry-after']).toBeDefined();
  return [status, envelope['errorCode']];
}

describe('the door of /realtime', () => {
  let site: RealtimeSite;
  beforeAll(async () => {
    site = await startRealtimeSite({
      env: { ALLOWED_ORIGINS: 'https://app.example', MAX_CONNECTIONS_PER_IP: '3', TRUSTED_PROXIES: '127.0.0.1' },
    });
  });
  afterAll(() => site.stop());

  const from = (address: string, headers: Record<string, string> = {}): RealtimeClientOptions => ({
    headers: { 'X-Forwarded-For': address, ...headers },
  });

  it.each([
    ['none', {}],
    ['a listed one', { Origin: 'https://app.example' }],
  ])('is open to this Origin: %s', async (_title, headers) => {
    const client = await RealtimeClient.connect(site.url, from('192.0.2.1', headers));
    client.socket.close(1000);
    expect((await client.close()).code).toBe(1000);
  });

  it.each([
    'https://evil.example',
    'https://app.example.evil.example',
    'http://app.example',
    'null',
    'https://app.example:444',
    '',
  ])('is closed to this Origin: %s', async (origin) => {
    expect(await refusal(site.url, from('192.0.2.2', { Origin: origin }))).toEqual([403, 'ORIGIN_DENIED']);
  });

  it('gives each address, IPv6 by its network, so many sockets, and gives a place back', async () => {
    for (const addresses of [
      ['192.0.2.3', '192.0.2.3', '192.0.2.3', '192.0.2.3'],
      ['2001:db8:1:1::1', '2001:db8:1:1::2', '2001:db8:1:1:ffff::', '2001:db8:1:1::9'],
    ]) {
      const [last = '', ...others] = addresses.toReversed();
      const open = await Promise.all(others.map((address) => RealtimeClient.connect(site.url, from(address))));
      expect(await refusal(site.url, from(last))).toEqual([429, 'RATE_LIMITED']);
      const other = await RealtimeClient.connect(site.url, from('198.51.100.7'));
      other.leave();
      open.pop()?.leave();
      await eventually(async () => {
        const client = await RealtimeClient.connect(site.url, from(last)).catch(() => undefined);
        if (client !== undefined) open.push(client);
        return client !== undefined;
      });
      for (const client of open) client.leave();
    }
  });

  it('does not take an address from a client that is no trusted proxy’s', async () => {
    const own = await startRealtimeSite({ env: { MAX_CONNECTIONS_PER_IP: '1' } });
    const client = await RealtimeClient.connect(own.url, from('192.0.2.10'));
    expect(await refusal(own.url, from('192.0.2.11'))).toEqual([429, 'RATE_LIMITED']);
    client.leave();
    await own.stop();
  });

  it.each([
    ['another version', { 'Sec-WebSocket-Version': '8' }, 426],
    ['no key', { 'Sec-WebSocket-Key': '' }, 400],
    ['a short key', { 'Sec-WebSocket-Key': 'AAAA' }, 400],
    ['a subprotocol twice', { 'Sec-WebSocket-Protocol': 'a, a' }, 400],
    ['a broken subprotocol', { 'Sec-WebSocket-Protocol': 'a b' }, 400],
  ])('refuses a handshake with %s in the envelope, not in the library’s words', async (_title, fields, status) => {
    const all = {
      Host: 'shop.example',
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version': '13',
      ...fields,
    };
    const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    const answer = await askRaw(site.gateway.port, `GET /realtime HTTP/1.1\r\n${head.join('')}\r\n`);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject({ success: false, errorCode: 'BAD_REQUEST' });
  });

  it('has the gateway’s headers on its 101, chooses `realtime` of the subprotocols, and compresses nothing', async () => {
    const raw = await sendRaw(
      site.gateway.port,
      'GET /realtime HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Forwarded-For: 192.0.2.21\r\n' +
        'Sec-WebSocket-Protocol: other, realtime\r\nSec-WebSocket-Extensions: permessage-deflate\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
    const { status, headers } = parseAnswer(raw);
    expect([status, headers['sec-websocket-accept'], headers['sec-websocket-protocol']]).toEqual([
      101,
      's3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
      'realtime',
    ]);
    expect(headers['sec-websocket-extensions']).toBeUndefined();
    expect(headers['x-trace-id']).toMatch(/^[\da-f]{32}$/);
    expect(headers['x-content-type-options']).toBe('nosniff');
  });
});

describe('the door of /realtime', () => {
  it('counts upgrades by the limits of its route', async () => {
    const limited = SOCKET_ROUTES.replace(
      '{ public: {} }',
      '{ public: {} }\n  rateLimit: { two: { limit: 2, windowS: 60, per: ip } }',
    ).replace('upgrade: true', 'upgrade: true, rateLimit: [two]');
    const gateway: TestGateway = await startTestGateway({
      routes: limited,
      env: {
        ENABLE_WS_PROXY: 'true',
        OPENAI_BASE_URL: 'http://127.0.0.1:9/v1',
        OPENAI_API_KEY: 'k',
        MAX_CONNECTIONS_PER_IP: '50',
      },
    });
    const url = `${gateway.url.replace('http', 'ws')}/realtime`;
    const clients = [await RealtimeClient.connect(url), await RealtimeClient.connect(url)];
    expect(await refusal(url)).toEqual([429, 'RATE_LIMITED']);
    for (const client of clients) client.leave();
    await gateway.stop();
  });

  it('is closed to more sockets of nobody than it can bear, and open again when they are somebody’s', async () => {
    const site = await startRealtimeSite({ limits: { unauthenticatedSockets: 2, sockets: 3 } });
    const nobody = await site.open();
    const somebody = await site.signIn();
    const another = await site.open();
    expect(await refusal(site.url)).toEqual([503, 'UPSTREAM_UNAVAILABLE']);
    nobody.leave();
    await eventually(async () => {
      const client = await RealtimeClient.connect(site.url).catch(() => undefined);
      return client !== undefined;
    });
    expect(await refusal(site.url)).toEqual([503, 'UPSTREAM_UNAVAILABLE']);
    expect([somebody.closed, another.closed]).toEqual([undefined, undefined]);
    await site.stop();
  });
});
