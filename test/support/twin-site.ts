import request, { type Response, type Test } from 'supertest';
import { makeAccessToken } from '../../src/auth/index.js';
import { httpAnswer, startRawUpstream } from './raw-upstream.js';
import { JWT_SECRET, startTestGateway } from './test-gateway.js';
import { type TWIN_POLICIES, TwinModule, TWINS } from './twin-routes.js';

/** The only origin that the twins allow besides their own. */
export const ORIGIN = 'https://app.example';

export type Twin = keyof typeof TWIN_POLICIES;
export type TwinMethod = 'get' | 'post' | 'put' | 'delete' | 'options' | 'head';

/** A policy case: how the twin named `policy` is asked (with GET unless it says otherwise), and what both must answer. */
export interface PolicyCase {
  readonly name: string;
  readonly policy: Twin;
  readonly status: number;
  readonly ask: (twin: Test) => Test;
  readonly method?: TwinMethod;
}

export interface TwinSite {
  /** Of the gateway whose proxied routes are asked, and of the one whose native routes are. */
  readonly ports: readonly [number, number];
  askBoth(policy: Twin, method: TwinMethod, ask: (twin: Test) => Test): Promise<readonly [Response, Response]>;
  stop(): Promise<void>;
}

/** PHP with one session (`SESS=good`, CSRF token `proof`) and two gateways, so that one twin's limit is not the other's. */
export async function startTwins(): Promise<TwinSite> {
  const upstream = await startRawUpstream((socket, head) => {
    const isKnown = head.includes('SESS=good');
    const session = {
      data: {
        authenticated: isKnown,
        user: isKnown ? { id: 's', roles: ['user'] } : null,
        csrf_token: isKnown ? 'proof' : null,
      },
    };
    const body = head.startsWith('GET /session ') ? session : { ok: true };
    const text = JSON.stringify(body);
    const answer = httpAnswer(
      200,
      {
        'Content-Type': 'application/json',
        'Access-Control-Allow-Origin': '*',
        'X-Frame-Options': 'ALLOWALL',
        'Content-Security-Policy': 'default-src *',
        Vary: 'Origin',
      },
      text,
    );
    socket.write(head.startsWith('HEAD ') ? answer.slice(0, -text.length) : answer);
  });
  const options = {
    routes: TWINS,
    phpTargets: [upstream.origin],
    env: { ALLOWED_ORIGINS: ORIGIN },
    features: [TwinModule],
  };
  const [first, second] = [await startTestGateway(options), await startTestGateway(options)];
  return {
    ports: [first.port, second.port],
    askBoth: async (policy, method, ask) => [
      await ask(request(first.url)[method](`/proxied/${policy}`)),
      await ask(request(second.url)[method](`/native/${policy}`)),
    ],
    stop: async () => {
      await Promise.all([first.stop(), second.stop()]);
      await upstream.stop();
    },
  };
}

/** An access token's header. */
export function bearer(roles: readonly string[], lifeS = 60, secret = JWT_SECRET): string {
  return `Bearer ${makeAccessToken(secret, { subject: `u-${roles.join('-')}`, roles, lifeS })}`;
}

/** Everything of an answer that must be equal: not the ids, the moment, and the length that they change. */
export function comparable({ status, headers, text }: Response): object {
  const {
    date: _date,
    'x-trace-id': traceId,
    'content-length': _length,
    via: _via,
    ...rest
  } = headers as Record<string, string>;
  for (const name of ['ratelimit', 'retry-after', 'x-ratelimit-reset'])
    rest[name] = rest[name]?.replace(/t=\d+|^\d+$/, 't') ?? '';
  // Both may say that the connection stays.
  return { status, headers: rest, body: (text ?? '').replaceAll(traceId ?? '', 'TRACE') };
}
