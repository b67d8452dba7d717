import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { Agent, createServer, request as httpRequest, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { request as undiciRequest } from 'undici';
import { eventually } from '../../test/support/eventually.js';
import { GatewayError } from '../contract/index.js';
import { type Mail, Outbound, OutboundRecording, OutboundRefusedError } from './index.js';

let server: Server;
let origin = '';
let heard: string[] = [];
let connections = 0;

beforeAll(async () => {
  server = createServer((req, res) => {
    heard.push(`${req.method ?? ''} ${req.url ?? ''}`);
    req.resume();
    res.setHeader('Content-Type', 'application/json').end('{"from":"world"}');
  });
  server.on('connection', () => connections++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  heard = [];
  connections = 0;
});

const outbound = new Outbound();
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
afterAll(() => agent.destroy());

const overHttp = (): Promise<string> =>
  new Promise((resolve, reject) => {
    httpRequest(`${origin}/http`, { agent }, (res) => {
      res.resume().once('end', () => resolve('answered'));
    })
      .once('error', reject)
      .end();
  });

const overTcp = (): Promise<string> =>
  new Promise((resolve, reject) => {
    const { port } = server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1', () => resolve('connected'));
    socket.once('error', reject);
    socket.end();
  });

describe('Outbound', () => {
  it('makes calls, and refuses mail while there is no SMTP', async () => {
    expect(await (await outbound.fetch(`${origin}/x`)).json()).toEqual({ from: 'world' });
    expect(heard).toEqual(['GET /x']);
    const refused = outbound.sendMail({ to: ['a@example.com'], subject: 'x' });
    await expect(refused).rejects.toBeInstanceOf(GatewayError);
    await expect(refused).rejects.toMatchObject({ code: 'MAIL_NOT_CONFIGURED' });
  });

  it('hands mail to the transport that there is, but for a dry run', async () => {
    const sent: string[] = [];
    const mailing = new Outbound({
      send: async ({ subject }: Mail) => {
        sent.push(subject);
        return { messageId: '<1@example.com>', status: 'queued' };
      },
    });
    await mailing.sendMail({ to: ['a@example.com'], subject: 'real' });
    const recording = new OutboundRecording();
    await recording.run(() => mailing.sendMail({ to: ['a@example.com'], subject: 'dry' }));
    expect([sent, recording.total]).toEqual([['real'], 1]);
  });

  it('records in a dry run what it would have sent, without values, and sends nothing', async () => {
    const recording = new OutboundRecording();
    const answer = await recording.run(async () => {
      await outbound.sendMail({ to: ['alice@example.com', 'bob@example.com'], subject: 'Secret', text: 'of alice' });
      const response = await outbound.fetch(`${origin}/v1/users/alice%40example.com/calls?email=alice@example.com`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ phone: '+4930123456', amount: 3, 'alice@example.com': [1, 2] }),
      });
      return response.json();
    });
    expect(answer).toEqual({});
    expect([heard, connections, recording.total]).toEqual([[], 0, 2]);
    expect(recording.calls).toMatchObject([
      { kind: 'mail', target: '2 recipients', shape: '{to: array(2), subject: string, text: string}' },
      {
        kind: 'http',
        method: 'POST',
        target: `${origin}/v1/users/*/calls?email`,
        shape: '{phone: string, amount: number, *: array(2)}',
      },
    ]);
    expect(JSON.stringify(recording.calls)).not.toMatch(/alice|493|Secret/);
  });

  it.each(['alice', 'Alice.Smith', 'alice-smith', 'v1alice', 'constructor'])(
    'takes %s in a path for a name',
    async (name) => {
      const recording = new OutboundRecording();
      await recording.run(() => outbound.fetch(`${origin}/v2/users/${name}/messages`));
      expect(recording.calls.map(({ target }) => target)).toEqual([`${origin}/v2/users/*/messages`]);
    },
  );

  it('counts on past the calls that it keeps', async () => {
    const recording = new OutboundRecording();
    await recording.run(async () => {
      for (let i = 0; i < 500; i++) await outbound.sendMail({ to: [], subject: String(i) });
    });
    expect([recording.total, recording.calls.length]).toEqual([500, 20]);
  });

  it('tells equal bodies by their hashes', async () => {
    const recording = new OutboundRecording();
    await recording.run(async () => {
      for (const subject of ['a', 'a', 'b']) await outbound.sendMail({ to: [], subject });
    });
    const [a, again, b] = recording.calls.map(({ hash }) => hash);
    expect(a).toBe(again);
    expect(a).not.toBe(b);
  });

  it.each([
    ['global fetch', () => fetch(`${origin}/fetch`)],
    ['undici', () => undiciRequest(`${origin}/undici`)],
    ['node:http, on a connection that is open', overHttp],
    ['a socket', overTcp],
  ])('refuses %s in a dry run, and lets it pass outside of one', async (_name, send) => {
    // Leaves an open connection behind.
    await send();
    await eventually(() => connections >= 1);
    heard = [];
    connections = 0;
    const recording = new OutboundRecording();
    const sent = recording.run<unknown>(send);
    await expect(sent).rejects.toBeDefined();
    const fault: unknown = await sent.catch((error: unknown) => error);
    const causes = [fault, (fault as { cause?: unknown }).cause];
    expect(causes.some((cause) => cause instanceof OutboundRefusedError)).toBe(true);
    expect(recording.refused).toBeGreaterThan(0);
    // One after it, so that the other would have been heard by now.
    await overTcp();
    await eventually(() => connections === 1);
    expect(heard).toEqual([]);
    await send();
  });

  it('refuses calls of work that goes on after the end, and lets none of them out', async () => {
    const recording = new OutboundRecording();
    let goOn: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (goOn = resolve));
    const faults: unknown[] = [];
    await recording.run(async () => {
      const note = (error: unknown): unknown => faults.push(error);
      ended.then(() => outbound.fetch(`${origin}/late`)).catch(note);
      ended.then(() => outbound.sendMail({ to: [], subject: 'late' })).catch(note);
      ended.then(() => fetch(`${origin}/late`)).catch(note);
    });
    recording.close();
    goOn();
    await eventually(() => faults.length === 3);
    expect([heard, recording.total]).toEqual([[], 0]);
  });

  it('records for those who are part of it alone', async () => {
    const recording = new OutboundRecording();
    await Promise.all([
      recording.run(() => outbound.fetch(`${origin}/in`)),
      outbound.fetch(`${origin}/out`),
      fetch(`${origin}/direct`),
    ]);
    expect(heard.toSorted()).toEqual(['GET /direct', 'GET /out']);
  });
});
