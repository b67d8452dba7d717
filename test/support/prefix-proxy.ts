import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Another proxy in front of a gateway, which serves it below a prefix and takes the prefix away. */
export interface PrefixProxy {
  readonly origin: string;
  /** Cuts every connection, as a proxy does that is restarted. */
  cut(): void;
  stop(): Promise<void>;
}

export async function startPrefixProxy(target: string, prefix: string): Promise<PrefixProxy> {
  const server = createServer((req, res) => {
    if (req.url?.startsWith(`${prefix}/`) !== true) {
      res.writeHead(404).end();
      return;
    }
    const { method = 'GET', headers } = req;
    const onward = request(target + req.url.slice(prefix.length), { method, headers, agent: false }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
      answer.once('error', () => res.destroy());
    });
    onward.once('error', () => res.destroy());
    res.once('close', () => onward.destroy());
    req.pipe(onward);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: () => server.closeAllConnections(),
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
