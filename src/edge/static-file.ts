import type { IncomingMessage, ServerResponse } from 'node:http';

/** A file for browsers, ready to be sent. */
export interface StaticFile {
  readonly type: string;
  readonly bytes: Buffer;
  readonly gzip: Buffer;
  readonly brotli?: Buffer;
  /** A strong validator's opaque part: changes with the content (RFC 9110, section 8.8.3). */
  readonly hash: string;
}

type Coding = 'br' | 'gzip';

/**
 * Answers a file in the best coding that the client takes, or 304 when it has it already. `caching` is the Cache-Control of both:
 * `no-cache` asks each time whether a copy still holds.
 */
export function sendFile(req: IncomingMessage, res: ServerResponse, file: StaticFile, caching: string): void {
  const coding = chooseCoding(req.headers['accept-encoding'], file.brotli !== undefined);
  const etag = `"${file.hash}${coding === undefined ? '' : coding === 'gzip' ? '-gz' : '-br'}"`;
  res.setHeader('Cache-Control', caching);
  res.setHeader('ETag', etag);
  res.appendHeader('Vary', 'Accept-Encoding');
  if (isKnown(req.headers['if-none-match'], etag)) {
    res.statusCode = 304;
    res.end();
    return;
  }
  const body = coding === 'gzip' ? file.gzip : coding === 'br' ? (file.brotli ?? file.bytes) : file.bytes;
  res.statusCode = 200;
  if (coding !== undefined) res.setHeader('Content-Encoding', coding);
  res.setHeader('Content-Type', file.type);
  res.setHeader('Content-Length', body.byteLength);
  res.end(req.method === 'HEAD' ? undefined : body);
}

/**
 * Leads from the path of a folder of the gateway's own to its page. `home` is that path; the address is relative, for another proxy may
 * have put a prefix before this gateway. Never for ever (308): the folder may move, and its old path is then the application's.
 */
export function redirectIntoFolder(res: ServerResponse, home: string): void {
  res.statusCode = 307;
  res.setHeader('Cache-Control', 'no-store');
  res.setHeader('Location', `${home.slice(home.lastIndexOf('/') + 1)}/`);
  res.setHeader('Content-Length', 0);
  res.end();
}

/** RFC 9110, section 12.5.3: named, and not with a weight of nothing. Split, not searched: linear in whatever is sent. */
function chooseCoding(accepted: string | string[] | undefined, hasBrotli: boolean): Coding | undefined {
  const taken = new Set(
    String(accepted ?? '')
      .split(',')
      .map((one) => one.split(';').map((part) => part.trim().toLowerCase()))
      .filter(([, weight = 'q=1']) => Number(/^q=([\d.]{1,5})$/.exec(weight)?.[1]) > 0)
      .map(([name]) => name),
  );
  if (hasBrotli && taken.has('br')) return 'br';
  return taken.has('gzip') ? 'gzip' : undefined;
}

/** Weak comparison (RFC 9110, section 13.1.2). */
function isKnown(sent: string | undefined, etag: string): boolean {
  return sent !== undefined && sent.split(',').some((one) => ['*', etag].includes(one.trim().replace(/^W\//, '')));
}
