import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface JwksServer {
  /** For `JWT_JWKS_URL`. */
  readonly url: string;
  readonly port: number;
  /** Requests that have arrived so far, of any path. */
  readonly asked: () => number;
  /** Publishes these keys from now on. */
  publish(jwks: readonly object[], headers?: Readonly<Record<string, string>>): void;
  /** Answers like this from now on, however wrong. */
  answer(how: (req: IncomingMessage, res: ServerResponse) => void): void;
  stop(): Promise<void>;
}

/** The key server of an identity provider, which does what a test tells it. `port` to come back at the same address. */
export async function startJwksServer(jwks: readonly object[], port = 0): Promise<JwksServer> {
  let asked = 0;
  const publishing =
    (keys: readonly object[], headers: Readonly<Record<string, string>> = {}) =>
    (_req: IncomingMessage, res: ServerResponse): void => {
      res.writeHead(200, { 'Content-Type': 'application/jwk-set+json', ...headers }).end(JSON.stringify({ keys }));
    };
  let handle: (req: IncomingMessage, res: ServerResponse) => void = publishing(jwks);
  const server = createServer((req, res) => {
    asked++;
    handle(req, res);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${bound}/.well-known/jwks.json`,
    port: bound,
    asked: () => asked,
    publish: (keys, headers) => (handle = publishing(keys, headers)),
    answer: (how) => (handle = how),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
