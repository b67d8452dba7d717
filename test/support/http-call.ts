import { createHash } from 'node:crypto';
import { type IncomingMessage, request } from 'node:http';

export interface CallOptions {
  readonly method?: string;
  /** Values are sent as latin1 bytes. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  /** Sends the body in chunks, without telling its length. */
  readonly isChunked?: boolean;
}

export interface CallAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** name, value, … as they came. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly text: string;
  json(): unknown;
  /** Every value of a header, in order. */
  all(name: string): readonly string[];
}

/** One request over a connection of its own; bodies are not decoded, redirects not followed, nothing is added but Host. */
export function call(origin: string, path: string, options: CallOptions = {}): Promise<CallAnswer> {
  const { method = 'GET', headers = {}, body, isChunked = false } = options;
  const { hostname, port } = new URL(origin);
  const bytes = body === undefined ? undefined : Buffer.from(body);
  const framing: Record<string, string> =
    bytes === undefined
      ? {}
      : isChunked
        ? { 'Transfer-Encoding': 'chunked' }
        : { 'Content-Length': String(bytes.length) };
  return new Promise((resolve, reject) => {
    const req = request({ host: hostname, port, path, method, headers: { ...headers, ...framing }, agent: false });
    req.once('error', reject);
    req.once('response', (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.once('error', reject);
      res.once('end', () => resolve(toAnswer(res, Buffer.concat(chunks))));
    });
    if (bytes !== undefined && isChunked) {
      // Three uneven chunks, so that none of the readers may take one for the whole.
      const third = Math.ceil(bytes.length / 3);
      for (let at = 0; at < bytes.length; at += third + 1) req.write(bytes.subarray(at, at + third + 1));
      req.end();
    } else req.end(bytes);
  });
}

export function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A `multipart/form-data` body, spelt as browsers spell it; `files` are [field, file name, type, bytes]. */
export function multipart(
  fields: readonly (readonly [string, string])[],
  files: readonly (readonly [string, string, string, Buffer])[],
  boundary = '----WebKitFormBoundary7MA4YWxkTrZu0gW',
): { readonly type: string; readonly body: Buffer } {
  const parts: Buffer[] = [];
  for (const [name, value] of fields) {
    parts.push(Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`));
  }
  for (const [name, file, type, bytes] of files) {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="${file}"\r\nContent-Type: ${type}\r\n\r\n`;
    parts.push(Buffer.from(head), bytes, Buffer.from('\r\n'));
  }
  parts.push(Buffer.from(`--${boundary}--\r\n`));
  return { type: `multipart/form-data; boundary=${boundary}`, body: Buffer.concat(parts) };
}

function toAnswer(res: IncomingMessage, body: Buffer): CallAnswer {
  const { rawHeaders } = res;
  return {
    status: res.statusCode ?? 0,
    headers: res.headers,
    rawHeaders,
    body,
    text: body.toString('utf8'),
    json: () => JSON.parse(body.toString('utf8')) as unknown,
    all: (name) => rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name.toLowerCase()),
  };
}
