import { type OutgoingHttpHeader, type ServerResponse, validateHeaderName, validateHeaderValue } from 'node:http';
import { joinedBody } from '../contract/index.js';
import { fieldOf } from './head-fields.js';

type Call = (...args: unknown[]) => unknown;
type Method = 'writeHead' | 'flushHeaders' | 'write' | 'end';

/** The head of an answer that goes out. */
export interface TappedHead {
  readonly status: number;
  readonly statusText: string;
  /** name, value, … */
  readonly headers: readonly string[];
}

/** What hears of an answer on its way out, and may change it while nothing of it is out. */
export interface TapListener {
  /** The head is to go out before the body is known. Returns what goes out instead, or undefined where it has sent another answer, and this one goes nowhere. */
  onHead(head: TappedHead, send: SendAnswer): TappedHead | undefined;
  /** What was streamed has ended, complete; `body` is undefined where it was longer than the bound. */
  onEnd(head: TappedHead, body: Buffer | undefined): void;
  /** The answer came in one piece, and nothing of it is out: whoever hears it sends one with `send`. */
  onWhole(head: TappedHead, body: Buffer, send: SendAnswer): void;
  /** Nobody will hear of an end: the client left, or the answer was cut. */
  onLost(): void;
}

/** Sends a whole answer; `body` undefined for one without (304, HEAD). */
export type SendAnswer = (head: TappedHead, body?: Buffer) => void;

const NOTHING = Buffer.alloc(0);
/** An announced body up to so many bytes is waited for, as the search for secrets does. */
const PATIENCE_BYTES = 64 * 1024;

/**
 * Stands between whoever answers an exchange (a forwarder, a native handler behind the search for secrets) and its
 * response. All ways to write an answer end in these methods of this one object. The head waits for the first bytes; an
 * answer in one piece, as all that are read for their envelope, is seen whole before any of it is out.
 */
export class AnswerTap {
  private readonly original: Readonly<Record<Method, Call>>;
  private given: readonly unknown[] | undefined;
  private head: TappedHead | undefined;
  private state: 'waiting' | 'streaming' | 'swallowed' | 'done' = 'waiting';
  private readonly chunks: Buffer[] = [];
  private bytes = 0;

  constructor(
    private readonly res: ServerResponse,
    private readonly maxBytes: number,
    private readonly listener: TapListener,
  ) {
    this.original = {
      writeHead: bound(res, 'writeHead'),
      flushHeaders: bound(res, 'flushHeaders'),
      write: bound(res, 'write'),
      end: bound(res, 'end'),
    };
  }

  /** From now on the response's answer is seen. */
  takeOver(): this {
    const { res } = this;
    Object.assign(res, {
      writeHead: (...args: unknown[]) => this.writeHead(args),
      flushHeaders: () => this.flushHeaders(),
      write: (...args: unknown[]) => this.write(args),
      end: (...args: unknown[]) => this.end(args),
    });
    res.once('close', () => this.lose());
    return this;
  }

  /** The answer will not come to an end: for a response without a socket, which is never closed. */
  lose(): void {
    if (this.state === 'done') return;
    this.state = 'done';
    this.chunks.length = 0;
    this.listener.onLost();
  }

  private writeHead(args: readonly unknown[]): unknown {
    // What is refused now (a second head) is Node's to refuse.
    if (this.state !== 'waiting') return this.state === 'swallowed' ? this.res : this.original.writeHead(...args);
    this.given = args;
    checkHead(this.readHead());
    return this.res;
  }

  private flushHeaders(): void {
    if (this.state === 'waiting') this.release();
    if (this.state !== 'swallowed') this.original.flushHeaders();
  }

  private write(args: readonly unknown[]): unknown {
    if (this.state === 'waiting') {
      const chunk = toBuffer(args[0], args[1]);
      if (this.bytes + chunk.byteLength <= this.announced()) {
        this.record(chunk);
        callBack(args);
        return true;
      }
      this.release();
    }
    if (this.state === 'swallowed') {
      callBack(args);
      return true;
    }
    this.record(toBuffer(args[0], args[1]));
    return this.original.write(...args);
  }

  private end(args: readonly unknown[]): unknown {
    const last = toBuffer(args[0], args[1]);
    switch (this.state) {
      case 'waiting':
        this.endWhole(last, args);
        return this.res;
      case 'streaming': {
        this.record(last);
        this.state = 'done';
        const result = this.original.end(...args);
        const isKept = this.bytes <= this.maxBytes;
        if (this.head !== undefined)
          this.listener.onEnd(this.head, isKept ? Buffer.concat(this.chunks, this.bytes) : undefined);
        this.chunks.length = 0;
        return result;
      }
      case 'swallowed':
        callBack(args);
        return this.res;
      case 'done':
        return this.original.end(...args);
    }
  }

  private endWhole(last: Buffer, args: readonly unknown[]): void {
    const callback = args.find((arg) => typeof arg === 'function');
    const head = this.readHead();
    this.state = 'done';
    const body = this.chunks.length === 0 ? last : Buffer.concat([...this.chunks.splice(0), last]);
    this.listener.onWhole(head, body, (changed, bytes) => this.send(changed, bytes, callback));
  }

  private send({ status, statusText, headers }: TappedHead, body: Buffer | undefined, callback: unknown): void {
    for (const name of this.res.getHeaderNames()) this.res.removeHeader(name);
    this.sendHead({ status, statusText, headers });
    const rest = typeof callback === 'function' ? [callback] : [];
    if (body === undefined || body.byteLength === 0) this.original.end(...rest);
    else this.original.end(...joinedBody(body), ...rest);
  }

  private release(): void {
    const head = this.readHead();
    this.head = head;
    const changed = this.listener.onHead(head, (other, body) => this.send(other, body, undefined));
    if (changed === undefined) {
      this.state = 'swallowed';
      return;
    }
    this.state = 'streaming';
    for (const name of this.res.getHeaderNames()) this.res.removeHeader(name);
    this.sendHead(changed);
    for (const chunk of this.chunks) this.original.write(chunk);
  }

  /** Bytes of a body that is worth waiting for; 0 for one of which nobody knows how long it is. */
  private announced(): number {
    const length = Number(fieldOf(this.readHead().headers, 'content-length') ?? 0);
    return length <= Math.min(PATIENCE_BYTES, this.maxBytes) ? length : 0;
  }

  private sendHead({ status, statusText, headers }: TappedHead): void {
    if (statusText === '') this.original.writeHead(status, [...headers]);
    else this.original.writeHead(status, statusText, [...headers]);
  }

  private record(chunk: Buffer): void {
    this.bytes += chunk.byteLength;
    if (this.bytes > this.maxBytes) this.chunks.length = 0;
    // The bytes are somebody else's, who may use them again.
    else if (chunk.byteLength > 0) this.chunks.push(Buffer.from(chunk));
  }

  /** What `writeHead` was given, over what was set. */
  private readHead(): TappedHead {
    const { res } = this;
    const [status = res.statusCode, ...rest] = (this.given ?? []) as [number?, ...unknown[]];
    const given = flatten(rest.find((arg) => typeof arg === 'object' && arg !== null));
    const names = new Set(given.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()));
    const set = flatten(res.getHeaders(), rawNamesOf(res)).filter(
      (_, i, all) => !names.has((all[i - (i % 2)] ?? '').toLowerCase()),
    );
    const reason = rest.find((arg): arg is string => typeof arg === 'string') ?? res.statusMessage ?? '';
    return { status, statusText: reason, headers: [...set, ...given] };
  }
}

/** What Node would refuse to write, it refuses now: who writes a head looks for that there. */
function checkHead({ headers, statusText }: TappedHead): void {
  validateHeaderValue('reason', statusText);
  for (let i = 0; i < headers.length; i += 2) {
    validateHeaderName(headers[i] ?? '');
    validateHeaderValue(headers[i] ?? '', headers[i + 1] ?? '');
  }
}

function bound(res: ServerResponse, method: Method): Call {
  return (res[method] as Call).bind(res);
}

/** As they were spelt; every outgoing message of Node has it, its types say so of requests alone. */
function rawNamesOf(res: ServerResponse): ReadonlyMap<string, string> {
  const raw = (res as unknown as { getRawHeaderNames(): string[] }).getRawHeaderNames();
  return new Map(raw.map((name) => [name.toLowerCase(), name]));
}

/** Headers in any of the ways that Node takes them, as name, value, … */
function flatten(headers: unknown, spelt?: ReadonlyMap<string, string>): string[] {
  if (typeof headers !== 'object' || headers === null) return [];
  if (Array.isArray(headers)) return headers.flat().map(String);
  return Object.entries(headers as Readonly<Record<string, OutgoingHttpHeader | undefined>>).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : value === undefined ? [] : [value]).flatMap((one) => [
      spelt?.get(name) ?? name,
      String(one),
    ]),
  );
}

function toBuffer(chunk: unknown, encoding: unknown): Buffer {
  if (typeof chunk === 'string')
    return Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
  return chunk instanceof Uint8Array ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength) : NOTHING;
}

/** Calls back as a socket that takes everything would. */
function callBack(args: readonly unknown[]): void {
  const callback = args.find((arg) => typeof arg === 'function') as (() => void) | undefined;
  if (callback !== undefined) setImmediate(callback);
}
