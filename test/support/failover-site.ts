import { afterEach } from '@jest/globals';
import type { Socket } from 'node:net';
import type { HeardAnswer } from './raw-client.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from './raw-upstream.js';
import { startTestGateway, type TestGateway } from './test-gateway.js';

/** A table over one upstream with these settings. */
export const failoverTable = (upstream: string): string => `
upstreams:
  php: { targets: ['\${REMOTE_PHP_BASE}'], ${upstream} }
policies:
  authorization: { public: {}, user: { anyOf: [php-session] } }
defaults: { authorization: public, timeoutMs: 500 }
routes:
  json: { match: { path: '/json/{*path}' }, upstream: php, policies: { envelope: splice } }
  stream: { match: { path: '/stream/{*path}' }, upstream: php, policies: { envelope: 'off' } }
  private: { match: { path: /private }, upstream: php, policies: { authorization: user } }
`;
/** Asked at the start, and then no more. */
export const QUIET_PROBE = 'health: { path: /health, intervalMs: 60000 }';
/** Over undici, over http-proxy-middleware. */
export const FORWARDED_ROUTES = ['json', 'stream'] as const;

/** What ends with the test. */
export const running: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const part of running.splice(0).toReversed()) await part.stop();
});

/** What an upstream says to a request. */
export type Say = (socket: Socket, request: string) => void;

/** An upstream whose health is asked apart from what it says to callers. */
export async function upstreamThat(say: Say, health: Say = ok('health'), port = 0): Promise<RawUpstream> {
  const made = await startRawUpstream((socket, request) => {
    if (!request.startsWith('GET /health ')) say(socket, request);
    else health(socket, request);
  }, port);
  running.push(made);
  return made;
}

/** A gateway over these targets, which ends with the test. */
export async function gatewayTo(upstream: string, phpTargets: readonly string[]): Promise<TestGateway> {
  const made = await startTestGateway({ routes: failoverTable(upstream), phpTargets });
  running.push({ stop: () => made.stop(0) });
  return made;
}

/** Answers 200, by its name. */
export function ok(name: string): Say {
  return (socket) => socket.write(httpAnswer(200, { 'Content-Type': 'application/json' }, `{"by":"${name}"}`));
}

/** Requests of callers, without the probes. */
export function called({ requests }: RawUpstream): readonly string[] {
  return requests.filter((head) => !head.startsWith('GET /health '));
}

/** An address where nobody listens. */
export async function deadOrigin(): Promise<string> {
  const upstream = await startRawUpstream(() => undefined);
  await upstream.stop();
  return upstream.origin;
}

/** The statuses of answers. */
export const statuses = (answers: readonly HeardAnswer[]): readonly number[] => answers.map(({ status }) => status);
