import type { ServerResponse } from 'node:http';
import type { Answer } from '../compare/answer.js';

/** `writeHead(status, reason?, headers?)`, headers in any of the ways that Node takes them. */
export type HeadArguments = readonly [status: number, ...rest: unknown[]];

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
    const bytes = Buffer.from(chunk as string, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
    this.bytes += bytes.byteLength;
    if (this.bytes <= this.maxBytes) this.chunks.push(bytes);
    else this.chunks.length = 0;
  }

  /** `ms` until its last byte. */
  toAnswer(ms: number): Answer {
    const headers = [...pairsOf(this.res.getHeaders()), ...this.given];
    const find = (wanted: string): string | undefined => headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
    const isCoded = (find('content-encoding') ?? 'identity') !== 'identity';
    return {
      status: this.status ?? this.res.statusCode,
      headers,
      body: Buffer.concat(this.chunks),
      contentType: find('content-type'),
      ms,
      isCutShort: isCoded || this.bytes > this.maxBytes,
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
