import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { elapsedMs } from '../../test/support/elapsed.js';
import { holdsOnce } from '../../test/support/holds-once.js';
import { answerWithError, GatewayError } from '../contract/index.js';
import { Exchange, traceFrom } from '../trace/index.js';
import { readBody } from './request-body.js';

let server: Server | undefined;

/** Sends the parts, `everyMs` apart, to a server that reads the body; what comes back until it closes the connection. */
async function send(parts: readonly string[], everyMs: number, bodyIdleTimeoutMs: number): Promise<string> {
  const listening = createServer(async (req, res) => {
    const exchange = new Exchange(req, res, traceFrom(undefined, undefined));
    const refusal = await readBody(exchange, { maxBodyBytes: 1000, bodyIdleTimeoutMs });
    if (refusal instanceof GatewayError) answerWithError(exchange, refusal);
    else res.end(exchange.body);
  });
  server?.close();
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const socket = connect((listening.address() as AddressInfo).port, '127.0.0.1');
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk.toString();
  });
  const closed = once(socket, 'end');
  for (const part of ['POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\nConnection: close\r\n\r\n', ...parts]) {
    socket.write(part);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  await closed;
  socket.destroy();
  return received;
}

describe('reading a body whole', () => {
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  it('answers 408 and closes when it stalls', async () => {
    let received = '';
    const tookMs = await elapsedMs(async () => (received = await send(['half'], 0, 120)));
    expect(received).toMatch(/^HTTP\/1\.1 408 /);
    expect(received).toContain('REQUEST_TIMEOUT');
    expect(received).toMatch(/^connection: close\r$/im);
    expect(tookMs).toBeGreaterThanOrEqual(119);
  });

  it('waits for one that is slow but comes', async () => {
    // Longer than the bound in all, and never in one pause, unless the machine makes one.
    await holdsOnce(async () => {
      expect(await send(['b', 'o', 'd', 'y', 'b', 'o', 'd', 'y'], 80, 400)).toMatch(/200 OK[\s\S]*bodybody$/);
    });
  });

  it('lets go of a body whose request has been answered meanwhile and whose client has left', async () => {
    let reading: Promise<GatewayError | undefined> | undefined;
    const listening = createServer((req, res) => {
      const exchange = new Exchange(req, res, traceFrom(undefined, undefined));
      reading = readBody(exchange, { maxBodyBytes: 1000, bodyIdleTimeoutMs: 60_000 });
      // As the front door does with bytes that are no body.
      answerWithError(exchange, new GatewayError('BAD_REQUEST', { closeConnection: true }));
    });
    server = listening;
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
    const socket = connect((listening.address() as AddressInfo).port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\nhalf');
    await new Promise((resolve) => socket.once('data', resolve));
    socket.destroy();
    expect(await reading).toBeInstanceOf(GatewayError);
  });
});
