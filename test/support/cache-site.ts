import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { makeAccessToken } from '../../src/auth/index.js';
import type { Type } from '@nestjs/common';
import { call, type CallAnswer, type CallOptions } from './http-call.js';
import { JWT_SECRET, startTestGateway, type TestGateway } from './test-gateway.js';

/** What an upstream of a test answers a request with. */
export type Answerer = (req: IncomingMessage, res: ServerResponse, body: Buffer) => void;

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

/** An application that answers as the test says, and remembers what it was asked. */
export interface CountingUpstream {
  readonly origin: string;
  readonly seen: SeenRequest[];
  answer: Answerer;
  stop(): Promise<void>;
}

export async function startCountingUpstream(answer: Answerer): Promise<CountingUpstream> {
  const seen: SeenRequest[] = [];
  const server = createServer((req, res) => {
    seen.push({ method: req.method ?? '', url: req.url ?? '', headers: req.headers });
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => upstream.answer(req, res, Buffer.concat(chunks)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const upstream: CountingUpstream = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    answer,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return upstream;
}

/** A gateway with its cache on before such an application. */
export interface CacheSite {
  readonly gateway: TestGateway;
  readonly upstream: CountingUpstream;
  ask(path: string, options?: CallOptions): Promise<CallAnswer>;
  /** As somebody, by a token. */
  askAs(subject: string, path: string, options?: CallOptions): Promise<CallAnswer>;
}

export function tokenOf(subject: string, roles: readonly string[] = ['user']): string {
  return makeAccessToken(JWT_SECRET, { subject, roles, lifeS: 3600 });
}

export async function startCachingGateway(
  upstream: CountingUpstream,
  routes: string,
  options: { readonly env?: Readonly<Record<string, string>>; readonly features?: readonly Type[] } = {},
): Promise<CacheSite> {
  const gateway = await startTestGateway({
    routes,
    phpTargets: [upstream.origin],
    env: { ENABLE_RESPONSE_CACHE: 'true', ...options.env },
    ...(options.features === undefined ? {} : { features: options.features }),
  });
  const ask = (path: string, asked: CallOptions = {}): Promise<CallAnswer> => call(gateway.url, path, asked);
  return {
    gateway,
    upstream,
    ask,
    askAs: (subject, path, asked = {}) =>
      ask(path, { ...asked, headers: { ...asked.headers, Authorization: `Bearer ${tokenOf(subject)}` } }),
  };
}

/** What `Cache-Status` says of the gateway's own cache. */
export function statusOf(answer: CallAnswer): string {
  return answer.all('cache-status').at(-1) ?? '';
}
