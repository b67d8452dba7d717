import type { ServerResponse } from 'node:http';
import type { Answer } from '../compare/answer.js';

/** `writeHead(status, reason?, headers?)`, headers in any of the ways that Node takes them. */
export type HeadArguments = readonly [status: number, ...rest: unknown[]];

const EMPTY = Buffer.alloc(0);

/** What an answer was, as it is written: its head, and its body up to `maxBytes`. */
export class AnswerRecord {
  private readonly given: [string, string][] = [];
  private readonly chunks: Buffer[] = [];
  private bytes = 0;
  private status: number | undefined;

  constructor(
    private readonly res: ServerResponse,
    private readonly maxBytes: number,
  ) {}

  head([status, ...rest]: HeadArguments): void {
    this.status = status;
    const headers = rest.find((arg) => typeof arg === 'object' && arg !== null);
    this.given.push(...pairsOf(headers));
  }

  push(chunk: unknown, encoding: unknown): void {
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) return;
    // What is too much is not copied first.
    this.bytes += typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.byteLength;
    if (this.bytes > this.maxBytes) this.chunks.length = 0;
    else
      this.chunks.push(
        Buffer.from(chunk as string, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8'),
      );
  }

  /** Keeps no more of it, and forgets what it has. */
  drop(): void {
    this.chunks.length = 0;
    this.bytes = Infinity;
  }

  /** `ms` until its last byte. */
  toAnswer(ms: number): Answer {
    const headers = [...pairsOf(this.res.getHeaders()), ...this.given];
    const find = (wanted: string): string | undefined => headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
    const isCoded = (find('content-encoding') ?? 'identity') !== 'identity';
    const status = this.status ?? this.res.statusCode;
    // What a handler writes all the same never goes out (RFC 9110, sections 9.3.2, 15.3.5 and 15.4.5).
    const isBodyless = this.res.req.method === 'HEAD' || status === 204 || status === 304;
    return {
      status,
      headers,
      body: isBodyless ? EMPTY : Buffer.concat(this.chunks),
      contentType: find('content-type'),
      ms,
      isCutShort: !isBodyless && (isCoded || this.bytes > this.maxBytes),
    };
  }
}

function pairsOf(headers: unknown): [string, string][] {
  if (typeof headers !== 'object' || headers === null) return [];
  if (Array.isArray(headers)) {
    const flat = headers.flat().map(String);
    return flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1] ?? ''] as [string, string]] : []));
  }
  return Object.entries(headers).flatMap(([name, value]) =>
    value === undefined
      ? []
      : (Array.isArray(value) ? value : [value]).map((one): [string, string] => [name, String(one)]),
  );
}
