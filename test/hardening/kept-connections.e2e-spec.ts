import { afterEach, describe, expect, it } from '@jest/globals';
import { Agent, get, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { once } from 'node:events';
import { eventually } from '../support/eventually.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

/** Node's own, with the second that it adds. */
const FOR_EVERYBODY_MS = 6000;
const FOR_PROXIES_MS = 620_000;
const WHILE_SERVED_MS = 60_000;

const TABLE = `
policies: { authorization: { public: {} } }
routes:
  alive: { match: { path: /livez, methods: [GET] }, handler: health.live, policies: { authorization: public } }
`;

describe('a connection that is kept for the next request', () => {
  let gateway: TestGateway;
  const agent = new Agent({ keepAlive: true });
  afterEach(async () => {
    agent.destroy();
    await gateway.stop(0);
  });

  /** Two requests over one connection. @returns the gateway's end of it */
  const askTwice = async (): Promise<Socket> => {
    const opened = once(gateway.server, 'connection') as Promise<[Socket]>;
    for (let i = 0; i < 2; i++) {
      const [answer] = (await once(get(`${gateway.url}/livez`, { agent }), 'response')) as [IncomingMessage];
      await once(answer.resume(), 'end');
      const [socket] = await opened;
      await eventually(() => socket.timeout !== WHILE_SERVED_MS);
    }
    const [socket] = await opened;
    expect(socket.bytesRead).toBeGreaterThan(0);
    return socket;
  };

  it('is kept as long as proxies keep theirs, where it is a trusted proxy’s', async () => {
    gateway = await startTestGateway({ routes: TABLE, env: { TRUSTED_PROXIES: '127.0.0.1' } });
    const socket = await askTwice();
    await eventually(() => socket.timeout === FOR_PROXIES_MS);
    expect(socket.timeout).toBe(FOR_PROXIES_MS);
    expect(socket.destroyed).toBe(false);
  });

  it('is kept for seconds, where it is anybody’s', async () => {
    gateway = await startTestGateway({ routes: TABLE });
    const socket = await askTwice();
    expect(socket.timeout).toBe(FOR_EVERYBODY_MS);
  });
});
