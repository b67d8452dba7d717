import { type IncomingHttpHeaders, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** Bytes of a body that are read; more are of no interest here. */
const MAX_BYTES = 1024 * 1024;

export interface HttpAnswer {
  readonly status: number;
  readonly httpVersion: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON; undefined when it is none. */
  readonly json: unknown;
}

/** One GET on a connection of its own; redirects are not followed. @throws a system or TLS error */
export function httpGet(
  address: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const send = new URL(address).protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const req = send(address, { headers, agent: false, signal });
    req.once('error', reject);
    req.once('response', (res) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      const finish = (): void => {
        const text = Buffer.concat(chunks).toString('utf8');
        const { statusCode: status = 0, httpVersion } = res;
        resolve({ status, httpVersion, headers: res.headers, text, json: parse(text) });
      };
      res.on('data', (chunk: Buffer) => {
        bytes += chunk.byteLength;
        chunks.push(chunk);
        if (bytes <= MAX_BYTES) return;
        finish();
        req.destroy();
      });
      res.once('error', reject);
      res.once('end', finish);
    });
    req.end();
  });
}

/** A member of a JSON object; undefined where there is none. */
export function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
