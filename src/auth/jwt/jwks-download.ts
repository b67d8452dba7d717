import { request } from 'undici';

const MAX_BYTES = 256 * 1024;
const MAX_KEYS = 100;
const MAX_REDIRECTS = 3;

/** The key server gave nothing usable. The message is safe to log: no address, nothing of the answer. */
export class JwksDownloadError extends Error {
  override readonly name = 'JwksDownloadError';
}

export interface Jwks {
  /** At least one, at most a hundred; not yet looked at. */
  readonly keys: readonly unknown[];
  /** Seconds for which the server calls its answer fresh; undefined where it says nothing. */
  readonly maxAgeS: number | undefined;
}

/**
 * Fetches a JWK Set (RFC 7517, section 5) of at most 256 KiB. Redirects are followed within the same origin only.
 * @throws JwksDownloadError
 */
export async function downloadJwks(url: string, signal: AbortSignal): Promise<Jwks> {
  try {
    return await follow(new URL(url), signal);
  } catch (error) {
    if (error instanceof JwksDownloadError) throw error;
    const isLate = signal.aborted;
    const code = (error as NodeJS.ErrnoException).code;
    throw new JwksDownloadError(isLate ? 'no whole answer in time' : `no answer (${code ?? 'unknown fault'})`);
  }
}

async function follow(first: URL, signal: AbortSignal): Promise<Jwks> {
  let url = first;
  for (let i = 0; i <= MAX_REDIRECTS; i++) {
    const { statusCode, headers, body } = await request(url, {
      headers: { Accept: 'application/jwk-set+json, application/json' },
      signal,
      reset: true,
    });
    if (statusCode === 200) return { keys: readKeys(await readBounded(body)), maxAgeS: readMaxAge(headers) };
    await body.dump();
    const { location } = headers;
    if (![301, 302, 303, 307, 308].includes(statusCode) || typeof location !== 'string') {
      throw new JwksDownloadError(`status ${statusCode}`);
    }
    url = URL.canParse(location, url.href) ? new URL(location, url) : first;
    // Another host was not configured: who can redirect there must not choose our keys.
    if (url.origin !== first.origin) throw new JwksDownloadError('a redirect to another host');
  }
  throw new JwksDownloadError('too many redirects');
}

async function readBounded(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw new JwksDownloadError(`an answer of more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function readKeys(bytes: Buffer): readonly unknown[] {
  let answer: unknown;
  try {
    answer = JSON.parse(bytes.toString());
  } catch {
    throw new JwksDownloadError('an answer that is not JSON');
  }
  const keys: unknown = typeof answer === 'object' && answer !== null ? (answer as { keys?: unknown }).keys : undefined;
  if (!Array.isArray(keys)) throw new JwksDownloadError('an answer that is not a JWK Set');
  if (keys.length > MAX_KEYS) throw new JwksDownloadError(`more than ${MAX_KEYS} keys`);
  return keys;
}

/** RFC 9111, section 5.2.2; 0 where the answer is not to be kept. */
function readMaxAge(headers: Readonly<Record<string, string | string[] | undefined>>): number | undefined {
  const control = String(headers['cache-control'] ?? '').toLowerCase();
  if (/\bno-(?:store|cache)\b/.test(control)) return 0;
  const seconds = /(?:^|[\s,])max-age="?(\d{1,9})\b/.exec(control)?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}
