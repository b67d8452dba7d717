import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Identity } from '../../auth/index.js';
import { Exchange, traceFrom } from '../../trace/index.js';
import { LiveStream } from './live-stream.js';

const BOSS: Identity = { subject: 'boss', roles: ['admin'], via: 'jwt', token: { expiresAt: 2_000_000_000 } };

describe('LiveStream', () => {
  let server: Server;
  let port: number;
  const streams: LiveStream[] = [];
  beforeAll(async () => {
    server = createServer((req, res) => {
      const stream = new LiveStream(new Exchange(req, res, traceFrom(undefined, undefined)), BOSS);
      streams.push(stream);
      stream.begin(() => undefined);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const open = (): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      request({ port, host: '127.0.0.1', agent: false }, resolve).once('error', reject).end();
    });

  it('cuts a reader who does not read, and keeps no more for him than its bound', async () => {
    const answer = await open();
    answer.pause();
    answer.on('error', () => undefined);
    const stream = streams.at(-1);
    const frame = `data: ${'x'.repeat(32_768)}\n\n`;
    const held = (): number => stream?.exchange.res.writableLength ?? 0;
    let most = 0;
    // What the system's buffers take comes first; they are far smaller than this.
    for (let i = 0; i < 4000 && stream?.exchange.res.destroyed === false; i++) {
      stream.send(frame);
      most = Math.max(most, held());
      if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(stream?.exchange.res.destroyed).toBe(true);
    expect(most).toBeLessThan(262_144 + 2 * frame.length);
    // Nothing more comes of it.
    stream?.send(frame);
    stream?.end();
  });

  it('ends whole for whoever reads, and cuts whoever is told twice and has not read it', async () => {
    const answer = await open();
    answer.pause();
    answer.on('error', () => undefined);
    const stream = streams.at(-1);
    for (let i = 0; i < 4000 && (stream?.exchange.res.writableLength ?? 0) < 65_536; i++) {
      stream?.send(`data: ${'x'.repeat(32_768)}\n\n`);
      if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    stream?.end();
    expect(stream?.exchange.res.destroyed).toBe(false);
    stream?.end();
    expect(stream?.exchange.res.destroyed).toBe(true);

    const read = await open();
    let text = '';
    read.on('data', (piece: Buffer) => (text += piece.toString()));
    streams.at(-1)?.end();
    await new Promise((resolve) => read.once('close', resolve));
    expect([read.complete, text]).toEqual([true, 'retry: 3000\n\n']);
  });

  it('is over with its token, and after an hour', () => {
    const stream = streams.at(-1);
    expect(stream?.isOver(Date.now())).toBe(false);
    expect(stream?.isOver((stream?.startedAt ?? 0) + 3_600_000)).toBe(true);
    const short = new LiveStream(stream?.exchange as Exchange, { ...BOSS, token: { expiresAt: 1_000 } });
    expect([short.isOver(999_999), short.isOver(1_000_000)]).toEqual([false, true]);
  });
});
