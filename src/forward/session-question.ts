import { type Identity, readSessionAnswer } from '../auth/index.js';
import { GatewayError } from '../contract/index.js';
import { callInternally } from './internal-call.js';
import type { Upstream } from './upstream/upstream.js';

/**
 * Asks PHP, by a signed server-to-server call, who a session cookie belongs to.
 * @throws GatewayError when PHP cannot be asked.
 */
export async function askPhpForSession(
  upstream: Upstream,
  secret: string,
  cookie: string,
  traceId: string,
): Promise<Identity | undefined> {
  const { session } = upstream.settings;
  if (session === undefined) return undefined;
  const { status, body } = await callInternally(upstream, {
    method: 'GET',
    path: session.path,
    name: 'php: session',
    secret,
    traceId,
    cookie: `${session.cookie}=${cookie}`,
  });
  if (status !== 200) throw new GatewayError('UPSTREAM_BAD_ANSWER');
  return readSessionAnswer(body);
}
