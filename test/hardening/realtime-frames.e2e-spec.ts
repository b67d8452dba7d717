import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { makeAccessToken } from '../../src/auth/index.js';
import { eventually } from '../support/eventually.js';
import type { RealtimeClient } from '../support/realtime-client.js';
import { accessToken, type RealtimeSite, startRealtimeSite } from '../support/realtime-site.js';
import { JWT_SECRET } from '../support/test-gateway.js';

/** Opens a socket by hand, for what no library sends. */
async function openRaw(site: RealtimeSite): Promise<{ socket: Socket; heard: () => Buffer }> {
  const url = new URL(site.url);
  const socket = connect(Number(url.port), url.hostname);
  socket.on('error', () => undefined);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'connect');
  socket.write(
    `GET ${url.pathname} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  );
  await eventually(() => Buffer.concat(chunks).includes('\r\n\r\n'));
  return {
    socket,
    heard: () => {
      const all = Buffer.concat(chunks);
      return all.subarray(all.indexOf('\r\n\r\n') + 4);
    },
  };
}

/** The code of the closing frame that ends what a raw socket has heard. */
function closeCode(heard: Buffer): number | undefined {
  const at = heard.lastIndexOf(0x88);
  return at < 0 || heard.length < at + 4 ? undefined : heard.readUInt16BE(at + 2);
}

describe('the first frame of /realtime', () => {
  let site: RealtimeSite;
  let impatient: RealtimeSite;
  beforeAll(async () => {
    site = await startRealtimeSite({ env: { AUTH_TIMEOUT_MS: '60000' }, limits: { closeMs: 1000 } });
    impatient = await startRealtimeSite({ env: { AUTH_TIMEOUT_MS: '300' }, limits: { closeMs: 1000 } });
  });
  afterAll(async () => {
    await site.stop();
    await impatient.stop();
  });

  it('must come in time: 4001', async () => {
    const client = await impatient.open();
    expect((await client.close()).code).toBe(4001);
    expect(client.events).toEqual([]);
  });

  it('must come in time, however slowly its bytes come: 4001', async () => {
    const { socket, heard } = await openRaw(impatient);
    socket.write(Buffer.from([0x81, 0xfe, 0x08, 0x00, 0, 0, 0, 0]));
    // Not `once`, which fails by the reset that answers what is written when the gateway has gone.
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const drip = setInterval(() => socket.write('x'), 20);
    await closed;
    clearInterval(drip);
    expect(closeCode(heard())).toBe(4001);
  });

  it.each([
    ['connect_realtime', '{"type":"connect_realtime"}'],
    ['audio', '{"type":"input_audio_buffer.append","audio":"AAAA"}'],
    ['nothing', ''],
    ['no JSON', 'hello'],
    ['a list', '[]'],
    ['two types', '{"type":"authenticate","type":"authenticate","token":"x"}'],
    ['bytes', Buffer.from('{"type":"authenticate","token":"x"}')],
  ])('must be authenticate, not %s: 4001', async (_title, frame) => {
    const client = await site.open();
    client.send(frame);
    expect((await client.close()).code).toBe(4001);
    expect(client.events).toEqual([]);
  });

  const expired = (): string => makeAccessToken(JWT_SECRET, { subject: 'late', roles: ['user'], lifeS: -10 });
  it.each([
    ['no token', () => ({})],
    ['a number', () => ({ token: 7 })],
    ['an empty one', () => ({ token: '' })],
    ['another secret’s', () => ({ token: makeAccessToken('x'.repeat(40), { subject: 'u', roles: [], lifeS: 60 }) })],
    ['an expired one', () => ({ token: expired() })],
    ['the header’s spelling', () => ({ token: `Bearer ${accessToken()}` })],
    ['a signature cut short', () => ({ token: accessToken().slice(0, -2) })],
  ])('must hold a good token, not %s: auth_error, then 4003', async (_title, fields) => {
    const client = await site.open();
    client.send({ type: 'authenticate', ...fields() });
    expect((await client.close()).code).toBe(4003);
    expect(client.events.map(({ type }) => type)).toEqual(['auth_error']);
  });

  it('opens the session; what was sent behind it waits its turn', async () => {
    const client = await site.open();
    client.send({ type: 'authenticate', token: accessToken() });
    client.send({ type: 'connect_realtime' });
    client.send({ type: 'input_audio_buffer.append', audio: 'first' });
    client.send({ type: 'input_audio_buffer.commit' });
    await client.next('realtime_connected');
    expect(client.events.map(({ type }) => type)).toEqual(['auth_success', 'realtime_connected']);
    const session = await site.upstream.session(site.upstream.sessions.length - 1);
    await eventually(() => session.frames.length === 2);
    expect(session.frames.map((frame) => (JSON.parse(frame) as { type: string }).type)).toEqual([
      'input_audio_buffer.append',
      'input_audio_buffer.commit',
    ]);
    client.leave();
  });

  it.each([
    ['in one frame', (client: RealtimeClient) => client.send('x'.repeat(20_000))],
    ['in pieces', (client: RealtimeClient) => client.socket.send('x'.repeat(20_000), { fin: false })],
    ['of 100 MB', (client: RealtimeClient) => client.send('x'.repeat(100_000_000))],
  ])('is bounded with all bytes before it, %s: 1009', async (_title, flood) => {
    const client = await site.open();
    flood(client);
    expect([1009, 1006]).toContain((await client.close()).code);
    expect(client.events).toEqual([]);
  });

  it('is not waited for any longer than its socket is open', async () => {
    const { socket, heard } = await openRaw(site);
    socket.write(Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0]));
    socket.write(Buffer.alloc(17_000, 0x20));
    await eventually(() => closeCode(heard()) === 1009);
    await once(socket, 'close');
  });
});

describe('a frame of a session of /realtime', () => {
  let site: RealtimeSite;
  beforeAll(async () => {
    site = await startRealtimeSite({ limits: { messageBurst: 300, messagesPerS: 1 } });
  });
  afterAll(() => site.stop());

  it.each([
    ['no JSON', 'hello', 'invalid_json'],
    ['a list', '[1]', 'invalid_json'],
    ['cut short', '{"type":"response.create"', 'invalid_json'],
    ['with two types', '{"type":"response.create","type":"secret.admin"}', 'invalid_json'],
    ['with a number as type', '{"type":1}', 'invalid_json'],
    ['without a type', '{"a":1}', 'missing_type'],
    ['with an event of the server', '{"type":"response.done"}', 'event_not_allowed'],
    ['with an event of nobody', '{"type":"transcription_session.update"}', 'event_not_allowed'],
    ['that authenticates again', '{"type":"authenticate","token":"x"}', 'already_authenticated'],
    ['that connects again', '{"type":"connect_realtime"}', 'already_connected'],
    ['of bytes', Buffer.from('{"type":"response.create"}'), 'binary_frame'],
  ])('%s is answered with an error and goes no further', async (_title, frame, code) => {
    const { client, session } = await site.connect();
    client.send(frame);
    expect((await client.next('error')).error).toMatchObject({ type: 'gateway_error', code });
    client.send({ type: 'response.cancel' });
    await eventually(() => session.frames.length > 0);
    expect(session.frames).toEqual(['{"type":"response.cancel"}']);
    client.leave();
  });

  it.each([
    [{ voice: 'nobody' }, 'voice'],
    [{ model: 'gpt-2' }, 'model'],
    [{ instructions: 'x'.repeat(4001) }, 'instructions'],
    [{ tools: [] }, 'tools'],
  ])('connect_realtime keeps to the allow-lists of the token: %j', async (fields, name) => {
    const client = await site.signIn();
    client.send({ type: 'connect_realtime', ...fields });
    const { error } = await client.next('error');
    expect(error).toMatchObject({ code: 'validation_failed', fields: { [name]: expect.any(String) } });
    client.leave();
  });

  it('for the provider is refused once while there is none', async () => {
    const client = await site.signIn();
    for (let i = 0; i < 5; i += 1) client.send({ type: 'input_audio_buffer.append', audio: 'AAAA' });
    client.send({ type: 'nothing' });
    await client.next('error');
    await client.next('error');
    expect(client.events.filter(({ type }) => type === 'error').map(({ error }) => error?.code)).toEqual([
      'not_connected',
      'event_not_allowed',
    ]);
    client.leave();
  });

  it.each([
    ['a client', 'session.update'],
    ['a client', 'response.create'],
    ['the provider', 'session.updated'],
  ])('of %s that is nested too deep to be rewritten goes through as it is: %s', async (from, type) => {
    const { client, session } = await site.connect();
    client.send({ type: 'session.update', session: { voice: 'ash' } });
    await eventually(() => session.frames.length === 1);
    const field = type === 'response.create' ? 'response' : 'session';
    const frame = `{"type":"${type}","${field}":{"voice":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`;
    if (from === 'a client') {
      client.send(frame);
      await eventually(() => session.frames.length === 2);
      expect(session.frames[1] === frame).toBe(true);
    } else {
      const said = new Promise<string>((resolve) => {
        client.socket.once('message', (data: Buffer) => resolve(data.toString()));
      });
      session.socket.send(frame);
      expect((await said) === frame).toBe(true);
    }
    client.leave();
  });

  it('goes through byte for byte, also in pieces, with a ping between them', async () => {
    const { client, session } = await site.connect();
    const text = `{ "audio":"${'ä\\u0041/+'.repeat(9000)}", "event_id" : 12345678901234567890, "type":"input_audio_buffer.append" }`;
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += 1001) {
      client.socket.send(bytes.subarray(at, at + 1001), { fin: at + 1001 >= bytes.length, binary: false });
      if (at === 2002) client.socket.ping();
    }
    await eventually(() => session.frames.length === 1);
    expect(session.frames[0] === text).toBe(true);
    const down = `{"x":1.0,"type":"response.output_audio.delta","delta":"${'A\\/'.repeat(30_000)}"}`;
    const said = new Promise<string>((resolve) => {
      client.socket.once('message', (data: Buffer, isBinary) => resolve(`${isBinary}${data.toString()}`));
    });
    session.socket.send(down);
    expect((await said) === `false${down}`).toBe(true);
    client.leave();
  });

  it.each([
    ['larger than a frame may be: 1009', 1009, (client: RealtimeClient) => client.send('x'.repeat(524_289))],
    [
      'larger in its pieces: 1009',
      1009,
      (client: RealtimeClient) => {
        for (let i = 0; i < 9; i += 1) client.socket.send('x'.repeat(65_536), { fin: false });
      },
    ],
    [
      'of more pieces than a frame may have: 1008',
      1008,
      (client: RealtimeClient) => {
        for (let i = 0; i < 1100; i += 1) client.socket.send('x', { fin: false });
      },
    ],
    [
      'that is no UTF-8: 1007',
      1007,
      (client: RealtimeClient) => client.socket.send(Buffer.from([0x22, 0xff, 0x22]), { binary: false }),
    ],
    [
      'among too many: 1008',
      1008,
      (client: RealtimeClient) => {
        for (let i = 0; i < 400; i += 1) client.send({ type: 'input_audio_buffer.clear' });
      },
    ],
    [
      'beside too many pings: 1008',
      1008,
      (client: RealtimeClient) => {
        for (let i = 0; i < 400; i += 1) client.socket.ping();
      },
    ],
    [
      'beside too many pongs that nobody asked for: 1008',
      1008,
      (client: RealtimeClient) => {
        for (let i = 0; i < 400; i += 1) client.socket.pong();
      },
    ],
  ])('ends the session when it is %s', async (_title, code, send) => {
    const { client, session } = await site.connect();
    send(client);
    expect((await client.close()).code).toBe(code);
    await eventually(() => session.closed !== undefined);
  });

  it.each([
    ['unmasked', Buffer.from([0x81, 0x02, 0x7b, 0x7d])],
    ['of a reserved kind', Buffer.from([0x83, 0x80, 0, 0, 0, 0])],
    ['with a reserved bit', Buffer.from([0xc1, 0x80, 0, 0, 0, 0])],
    ['that goes on with nothing', Buffer.from([0x80, 0x80, 0, 0, 0, 0])],
    ['that pings with too much', Buffer.from([0x89, 0xfe, 0x00, 0x7e, 0, 0, 0, 0])],
  ])('ends the session when it is %s: 1002', async (_title, bytes) => {
    const { socket, heard } = await openRaw(site);
    socket.write(bytes);
    await eventually(() => closeCode(heard()) === 1002);
    socket.destroy();
  });
});
