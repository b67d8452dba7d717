import { request } from 'undici';
import { type Identity, IDENTITY_HEADER, readSessionAnswer, signIdentity } from '../auth/index.js';
import { GatewayError } from '../contract/index.js';
import { classifyFault, toClientError } from './forward-error.js';
import type { Upstream } from './upstream.js';

const TIMEOUT_MS = 5000;
const MAX_BYTES = 65_536;

/** Asks PHP, by a signed server-to-server call, who a session cookie belongs to. @throws GatewayError when PHP cannot be asked. */
export async function askPhpForSession(
  upstream: Upstream,
  secret: string,
  cookie: string,
  traceId: string,
): Promise<Identity | undefined> {
  const { session } = upstream.settings;
  if (session === undefined) return undefined;
  const target = upstream.pick();
  const path = target.basePath + session.path;
  try {
    const { statusCode, body } = await request(target.origin + path, {
      dispatcher: target.pool,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        accept: 'application/json',
        cookie: `${session.cookie}=${cookie}`,
        'x-trace-id': traceId,
        [IDENTITY_HEADER]: signIdentity(secret, 'internal', 'GET', path),
      },
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.byteLength;
      if (bytes > MAX_BYTES) throw new GatewayError('UPSTREAM_BAD_ANSWER');
      chunks.push(chunk);
    }
    if (statusCode !== 200) throw new GatewayError('UPSTREAM_BAD_ANSWER');
    return readSessionAnswer(JSON.parse(Buffer.concat(chunks).toString('utf8')));
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    if (error instanceof SyntaxError) throw new GatewayError('UPSTREAM_BAD_ANSWER');
    if (error instanceof DOMException) throw new GatewayError('UPSTREAM_TIMEOUT');
    throw toClientError(classifyFault(error, false), upstream.retryAfterS);
  }
}
