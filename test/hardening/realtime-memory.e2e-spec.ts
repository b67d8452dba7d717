import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, settle } from '../support/eventually.js';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.js';
import { RealtimeClient } from '../support/realtime-client.js';
import { accessToken, KEY, SOCKET_ROUTES } from '../support/realtime-site.js';
import { type RealtimeUpstream, startRealtimeUpstream, type UpstreamSession } from '../support/realtime-upstream.js';

const MIB = 1024 * 1024;
const FLOOD = 100 * MIB;
const PIECE = 256 * 1024;
/** Of the system, not of the gateway: what the two connections of a session hold at most while nobody reads. */
const KERNEL_BYTES = 64 * MIB;

describe('the memory of a gateway with /realtime, with the shipped limits', () => {
  let upstream: RealtimeUpstream;
  let gateway: GatewayProcess;
  let url: string;
  let echoes = false;

  beforeAll(async () => {
    upstream = await startRealtimeUpstream((session) => {
      if (echoes) session.socket.send(`{"type":"response.output_audio.delta","delta":"${'A'.repeat(2600)}"}`);
    });
    upstream.isCounting = true;
    gateway = await startGatewayProcess(SOCKET_ROUTES, 'http://127.0.0.1:9', {
      ENABLE_WS_PROXY: 'true',
      MAX_CONNECTIONS_PER_IP: '2000',
      // As a load balancer is, whose connections are not bounded like one client's.
      TRUSTED_PROXIES: '127.0.0.1',
      OPENAI_BASE_URL: upstream.baseUrl,
      OPENAI_API_KEY: KEY,
    });
    url = `${gateway.url.replace('http', 'ws')}/realtime`;
  }, 60_000);
  afterAll(async () => {
    await gateway.stop();
    await upstream.stop();
  });

  const signIn = async (): Promise<RealtimeClient> => {
    const client = await RealtimeClient.connect(url, { drop: ['response.output_audio.delta'] });
    client.send({ type: 'authenticate', token: accessToken() });
    await client.next('auth_success');
    return client;
  };
  const connect = async (client: RealtimeClient): Promise<UpstreamSession> => {
    const index = upstream.sessions.length;
    client.send({ type: 'connect_realtime' });
    await client.next('realtime_connected');
    return upstream.session(index);
  };
  /** The most that the process held beyond `before` until `isDone`, and a while after. */
  const peakUntil = async (before: number, isDone: () => boolean): Promise<number> => {
    let peak = 0;
    await eventually(() => {
      peak = Math.max(peak, gateway.rssBytes() - before);
      return isDone();
    }, 30_000);
    for (let i = 0; i < 10; i += 1) {
      await settle(20);
      peak = Math.max(peak, gateway.rssBytes() - before);
    }
    return peak;
  };
  /** Whether a socket has stopped to get rid of what waits in it. */
  const standstill = (socket: { readonly bufferedAmount: number }): (() => boolean) => {
    let last = -1;
    let same = 0;
    return () => {
      same = socket.bufferedAmount === last ? same + 1 : 0;
      last = socket.bufferedAmount;
      return same > 60;
    };
  };

  it('is not filled by a client’s flood to a provider that does not read; nothing of it is lost', async () => {
    const client = await signIn();
    const session = await connect(client);
    session.socket.pause();
    const before = gateway.rssBytes();
    const received = upstream.receivedBytes;
    const frame = JSON.stringify({ type: 'input_audio_buffer.append', audio: 'A'.repeat(PIECE - 50) });
    for (let sent = 0; sent < FLOOD; sent += PIECE) client.send(frame);
    const peak = await peakUntil(before, standstill(client.socket));
    expect(FLOOD - client.socket.bufferedAmount).toBeLessThan(KERNEL_BYTES + 4 * MIB);
    expect(peak / MIB).toBeLessThan(32);
    session.socket.resume();
    await eventually(() => upstream.receivedBytes - received >= (FLOOD / PIECE) * frame.length, 30_000);
    expect(client.closed).toBeUndefined();
    client.leave();
  }, 60_000);

  it('is not filled by a provider’s flood to a client that does not read; nothing of it is lost', async () => {
    const client = await signIn();
    const session = await connect(client);
    client.socket.pause();
    const before = gateway.rssBytes();
    const frame = `{"type":"response.output_audio.delta","delta":"${'A'.repeat(PIECE)}"}`;
    for (let sent = 0; sent < FLOOD; sent += PIECE) session.socket.send(frame);
    const peak = await peakUntil(before, standstill(session.socket));
    expect(FLOOD - session.socket.bufferedAmount).toBeLessThan(KERNEL_BYTES + 4 * MIB);
    expect(peak / MIB).toBeLessThan(32);
    client.socket.resume();
    await eventually(() => client.counts.get('response.output_audio.delta') === FLOOD / PIECE, 30_000);
    client.leave();
  }, 60_000);

  it('is not filled by a flood that comes while the provider is being reached', async () => {
    const client = await signIn();
    let asked = 0;
    upstream.refuse = () => (asked += 1);
    client.send({ type: 'connect_realtime' });
    await eventually(() => asked === 1);
    const before = gateway.rssBytes();
    for (let sent = 0; sent < FLOOD; sent += PIECE)
      client.send(`{"type":"input_audio_buffer.append","audio":"${'A'.repeat(PIECE)}"}`);
    const peak = await peakUntil(before, standstill(client.socket));
    upstream.refuse = undefined;
    expect(client.socket.bufferedAmount).toBeGreaterThan(FLOOD - KERNEL_BYTES);
    expect(peak / MIB).toBeLessThan(32);
    client.leave();
  }, 60_000);

  it('is not filled by floods of nobody', async () => {
    const before = gateway.rssBytes();
    const clients = await Promise.all(Array.from({ length: 50 }, () => RealtimeClient.connect(url)));
    for (const [index, client] of clients.entries()) {
      if (index % 2 === 0) client.send('x'.repeat(2 * MIB));
      else for (let i = 0; i < 8; i += 1) client.socket.send('x'.repeat(PIECE), { fin: false });
    }
    const peak = await peakUntil(before, () => clients.every(({ closed }) => closed !== undefined));
    expect(peak / MIB).toBeLessThan(48);
    expect(clients.filter(({ events }) => events.length > 0)).toEqual([]);
  }, 60_000);

  it('bears a thousand idle clients and two hundred that talk', async () => {
    const before = gateway.rssBytes();
    const clients: RealtimeClient[] = [];
    while (clients.length < 1000) clients.push(...(await Promise.all(Array.from({ length: 50 }, signIn))));
    const idle = gateway.rssBytes() - before;
    echoes = true;
    const talking = clients.slice(0, 200);
    await Promise.all(
      talking.map(async (client) => {
        client.send({ type: 'connect_realtime' });
        await client.next('realtime_connected');
      }),
    );
    const audio = JSON.stringify({ type: 'input_audio_buffer.append', audio: 'A'.repeat(2600) });
    for (let round = 0; round < 20; round += 1) {
      for (const client of talking) client.send(audio);
      await new Promise((next) => setImmediate(next));
    }
    const heard = (client: RealtimeClient) => client.counts.get('response.output_audio.delta');
    const all = await peakUntil(before, () => talking.every((client) => heard(client) === 20));
    expect(clients.filter(({ closed }) => closed !== undefined)).toEqual([]);
    expect({ idle: idle < 150 * MIB, all: all < 300 * MIB, idleMib: idle / MIB, allMib: all / MIB }).toMatchObject({
      idle: true,
      all: true,
    });
    echoes = false;
    for (const client of clients) client.leave();
    await eventually(() => upstream.sessions.every(({ closed }) => closed !== undefined));
  }, 60_000);
});
