import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Dialect } from '../../src/realtime/protocol/index.js';
import { eventually, settle } from '../support/eventually.js';
import { accessToken, KEY, type RealtimeSite, startRealtimeSite } from '../support/realtime-site.js';
import { httpAnswer } from '../support/raw-upstream.js';
import { RealtimeClient } from '../support/realtime-client.js';
import { makeSigner } from '../support/token-signer.js';

describe('the provider’s side of a session of /realtime', () => {
  let site: RealtimeSite;
  const lines: string[] = [];
  beforeAll(async () => {
    site = await startRealtimeSite({
      limits: { upstreamOpenMs: 1500, pingMs: 250, connectBurst: 4, connectEveryS: 3600 },
    });
    for (const level of ['info', 'warn', 'error'] as const)
      jest.spyOn(site.gateway.logger, level).mockImplementation((...args: unknown[]) => {
        lines.push(JSON.stringify(args));
      });
  });
  afterAll(async () => {
    await site.stop();
    expect(lines.join('\n')).toContain('realtime upstream closed');
    expect(lines.join('\n')).not.toMatch(/sk-proj|eyJ|caller-\d|127\.0\.0\.1|db-7/);
  });

  it('has the key, the model, no Origin, no header of the beta, and is told voice and instructions first', async () => {
    const client = await site.signIn();
    client.send({ type: 'connect_realtime', model: 'gpt-realtime-mini', voice: 'ash', instructions: 'Be brief.' });
    expect((await client.next('realtime_connected'))['model']).toBe('gpt-realtime-mini');
    const { request, ...session } = await site.upstream.session(site.upstream.sessions.length - 1);
    expect([request.url, request.headers.authorization]).toEqual([
      '/v1/realtime?model=gpt-realtime-mini',
      `Bearer ${KEY}`,
    ]);
    for (const name of ['origin', 'openai-beta', 'sec-websocket-extensions', 'x-forwarded-for', 'cookie'])
      expect(request.headers[name]).toBeUndefined();
    const current = site.upstream.sessions.at(-1);
    await eventually(() => current?.first !== undefined);
    expect(JSON.parse(current?.first ?? '')).toEqual({
      type: 'session.update',
      session: {
        type: 'realtime',
        instructions: 'Be brief.',
        audio: { input: { turn_detection: null }, output: { voice: 'ash' } },
      },
    });
    expect(session.frames).toEqual([]);
    client.leave();
    await eventually(() => current?.closed !== undefined);
  });

  it.each([
    ['of the client', 'toProvider'],
    ['of the provider', 'toClient'],
  ] as const)('ends with 1011 alone, when the gateway fails over a frame %s', async (_whose, method) => {
    const other = await site.connect();
    const { client, session } = await site.connect();
    const broken = jest.spyOn(Dialect.prototype, method).mockImplementationOnce(() => {
      throw new TypeError('what was said');
    });
    if (method === 'toClient') session.socket.send('{"type":"response.done"}');
    else client.send({ type: 'response.create' });
    expect(await client.close()).toMatchObject({ code: 1011 });
    broken.mockRestore();
    await eventually(() => session.closed !== undefined);
    expect(lines.join('\n')).toMatch(/"fault":"TypeError".*a frame of \/realtime was not handled/);
    expect(lines.join('\n')).not.toContain('what was said');
    // The others go on.
    other.session.socket.send('{"type":"response.done"}');
    await other.client.next('response.done');
    other.client.leave();
  });

  it('killed mid-sentence is told after what it said, and may be opened again', async () => {
    const { client, session } = await site.connect();
    for (let i = 0; i < 3; i += 1)
      session.socket.send(JSON.stringify({ type: 'response.output_audio.delta', delta: String(i) }));
    await client.next('response.output_audio.delta');
    session.socket.terminate();
    expect(await client.next('upstream_closed')).toMatchObject({ code: 1006 });
    expect(client.events.filter(({ delta }) => delta !== undefined).map(({ delta }) => delta)).toEqual(['0', '1', '2']);
    client.send({ type: 'connect_realtime' });
    await client.next('realtime_connected');
    client.send({ type: 'response.cancel' });
    const again = await site.upstream.session(site.upstream.sessions.length - 1);
    await eventually(() => again.frames.length === 1);
    client.leave();
  });

  it.each([1000, 1001, 4000])('that closes with %d has its code handed on, and not its words', async (code) => {
    const { client, session } = await site.connect();
    session.socket.close(code, 'db-7.internal.example says no');
    const told = await client.next('upstream_closed');
    expect(told['code']).toBe(code);
    expect(JSON.stringify(client.events)).not.toContain('db-7');
    client.leave();
  });

  it.each([
    ['429', () => httpAnswer(429, { 'Content-Type': 'text/plain' }, 'db-7'), 1013],
    ['503', () => httpAnswer(503, {}, ''), 1013],
    ['401', () => httpAnswer(401, {}, 'db-7'), 1014],
    ['200', () => httpAnswer(200, {}, 'hello'), 1014],
    [
      'a redirect',
      () => `HTTP/1.1 302 Found\r\nLocation: ${site.upstream.baseUrl}/else\r\nContent-Length: 0\r\n\r\n`,
      1014,
    ],
    [
      'a wrong 101',
      () => 'HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: no\r\n\r\n',
      1014,
    ],
    ['no HTTP', () => 'SSH-2.0\r\n\r\n', 1014],
    ['silence', () => '', 1014],
  ])('that refuses with %s is told in the gateway’s words', async (_title, answer, code) => {
    let refused = 0;
    site.upstream.refuse = (socket) => {
      refused += 1;
      socket.write(answer());
    };
    const client = await site.signIn();
    client.send({ type: 'connect_realtime' });
    const told = await client.next('upstream_closed');
    site.upstream.refuse = undefined;
    expect([told['code'], refused]).toEqual([code, 1]);
    expect(JSON.stringify(client.events)).not.toMatch(/db-7|sk-|hello|127/);
    client.send({ type: 'connect_realtime' });
    await client.next('realtime_connected');
    client.leave();
  });

  it('that drips its head is not waited for', async () => {
    let drip: NodeJS.Timeout | undefined;
    site.upstream.refuse = (socket) => {
      drip = setInterval(() => socket.write('X'), 20);
    };
    const client = await site.signIn();
    client.send({ type: 'connect_realtime' });
    expect((await client.next('upstream_closed'))['code']).toBe(1014);
    clearInterval(drip);
    site.upstream.refuse = undefined;
    client.leave();
  });

  it('that falls silent is noticed by its missing pong', async () => {
    const { client, session } = await site.connect();
    session.socket.pause();
    expect((await client.next('upstream_closed'))['code']).toBe(1006);
    client.leave();
  });

  it('that sends too large a frame is ended', async () => {
    const { client, session } = await site.connect();
    session.socket.send('x'.repeat(1_100_000));
    expect((await client.next('upstream_closed'))['code']).toBe(1009);
    expect(client.closed).toBeUndefined();
    client.leave();
  });

  it('that quotes the key is ended before anybody sees it', async () => {
    const { client, session } = await site.connect();
    session.socket.send(JSON.stringify({ type: 'error', error: { message: `Incorrect API key provided: ${KEY}.` } }));
    expect(await client.next('upstream_closed')).toMatchObject({ code: 1014 });
    expect(client.events.filter(({ type }) => type === 'error')).toEqual([]);
    client.leave();
  });

  it('is not tried again and again', async () => {
    const { client } = await site.connect();
    for (let i = 0; i < 4; i += 1) {
      site.upstream.sessions.at(-1)?.socket.terminate();
      await client.next('upstream_closed');
      client.send({ type: 'connect_realtime' });
      if (i < 3) await client.next('realtime_connected');
    }
    expect((await client.next('error')).error).toMatchObject({ code: 'too_many_connects' });
    client.leave();
  });
});

describe('the times of a session of /realtime', () => {
  it('end it when its token expires: 4003', async () => {
    const site = await startRealtimeSite();
    const client = await site.signIn(accessToken({ lifeS: 3 }));
    client.send({ type: 'connect_realtime' });
    await client.next('realtime_connected');
    expect((await client.close()).code).toBe(4003);
    await eventually(() => site.upstream.sessions[0]?.closed !== undefined);
    await site.stop();
  });

  it('end it when its token is revoked, and no other: 4003', async () => {
    const site = await startRealtimeSite({ limits: { recheckMs: 50 } });
    const revoked = await site.signIn(accessToken({ id: 'jti-1' }));
    const other = await site.signIn(accessToken({ id: 'jti-2' }));
    await site.revoke('jti-1');
    expect((await revoked.close()).code).toBe(4003);
    await settle(200);
    expect(other.closed).toBeUndefined();
    // All of somebody whose data are erased, and nobody else's; the other's conversation goes with it.
    const erased = await site.signIn(accessToken({ subject: 'kim', id: 'jti-3' }));
    erased.send({ type: 'connect_realtime' });
    await erased.next('realtime_connected');
    await site.revokeSubject('kim');
    expect((await erased.close()).code).toBe(4003);
    await eventually(() => site.upstream.sessions[0]?.closed !== undefined);
    await settle(200);
    expect(other.closed).toBeUndefined();
    await site.stop();
  });

  it('end it when nobody says anything: 4008; pings are no words', async () => {
    const site = await startRealtimeSite({ limits: { idleMs: 300, pingMs: 50 } });
    const client = await site.signIn();
    expect((await client.close()).code).toBe(4008);
    await site.stop();
  });

  it('end it when it has lasted too long: 4008', async () => {
    const site = await startRealtimeSite({ limits: { lifeMs: 1500 } });
    const { client } = await site.connect();
    const talk = setInterval(() => client.socket.readyState === 1 && client.send({ type: 'response.cancel' }), 20);
    expect((await client.close()).code).toBe(4008);
    clearInterval(talk);
    await site.stop();
  });

  it('end it when its client is gone without a word', async () => {
    const site = await startRealtimeSite({ limits: { pingMs: 100 } });
    const { client, session } = await site.connect();
    client.socket.pause();
    await eventually(() => session.closed !== undefined);
    client.leave();
    await site.stop();
  });

  it('let a client that answers pings stay', async () => {
    const site = await startRealtimeSite({ limits: { pingMs: 100 } });
    const client = await site.signIn();
    let pings = 0;
    client.socket.on('ping', () => (pings += 1));
    await eventually(() => pings > 5);
    expect(client.closed).toBeUndefined();
    await site.stop();
  });
});

describe('a token that nobody can check at the moment', () => {
  it('is no bad one: auth_error, then 1013', async () => {
    const site = await startRealtimeSite({ env: { JWT_JWKS_URL: 'http://127.0.0.1:9/jwks.json' } });
    const client = await site.open();
    const claims = { sub: 'u', iat: Math.floor(Date.now() / 1000), exp: Math.floor(Date.now() / 1000) + 60 };
    client.send({ type: 'authenticate', token: makeSigner('ES256', 'k').sign(claims) });
    expect((await client.close()).code).toBe(1013);
    expect(client.events.map(({ type }) => type)).toEqual(['auth_error']);
    await site.stop();
  });
});

describe('sessions of one caller of /realtime', () => {
  it('are bounded, from whichever sockets, and one that ends makes room', async () => {
    const site = await startRealtimeSite({ limits: { sessionsPerIdentity: 2 } });
    const token = () => accessToken({ subject: 'one' });
    const first = await site.signIn(token());
    await site.signIn(token());
    const third = await site.open();
    third.send({ type: 'authenticate', token: token() });
    expect((await third.close()).code).toBe(1008);
    expect(third.events.map(({ error }) => error?.code)).toEqual(['too_many_sessions']);
    await site.signIn(accessToken({ subject: 'two' }));
    first.leave();
    await eventually(async () => {
      const client = await site.open();
      client.send({ type: 'authenticate', token: token() });
      await eventually(() => client.events.length > 0);
      return client.events[0]?.type === 'auth_success';
    });
    await site.stop();
  });
});

describe('/realtime when the process stops', () => {
  it('ends with 1001 who waits, lets an answer be finished, and takes nobody any more', async () => {
    const site = await startRealtimeSite();
    const idle = await site.open();
    const waiting = await site.signIn();
    const { client: hearing, session } = await site.connect();
    session.socket.send('{"type":"response.created","response":{}}');
    await hearing.next('response.created');
    const stopped = site.gateway.stop(20_000);
    expect((await idle.close()).code).toBe(1001);
    expect((await waiting.close()).code).toBe(1001);
    expect(hearing.closed).toBeUndefined();
    session.socket.send('{"type":"response.output_audio.delta","delta":"AAAA"}');
    session.socket.send('{"type":"response.done","response":{}}');
    expect((await hearing.close()).code).toBe(1001);
    expect(hearing.events.at(-1)?.type).toBe('response.done');
    await expect(RealtimeClient.connect(site.url)).rejects.toThrow();
    await stopped;
    await site.upstream.stop();
  });

  it('does not wait for an answer for ever', async () => {
    const site = await startRealtimeSite({ limits: { drainMs: 200 } });
    const { client, session } = await site.connect();
    session.socket.send('{"type":"response.created","response":{}}');
    await client.next('response.created');
    const stopped = site.gateway.stop(20_000);
    expect((await client.close()).code).toBe(1001);
    await stopped;
    await site.upstream.stop();
  });
});
