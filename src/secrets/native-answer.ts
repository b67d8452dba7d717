import type { OutgoingHttpHeader, ServerResponse } from 'node:http';
import { answerWithError, GatewayError, joinedBody } from '../contract/index.js';
import type { RoutePolicies } from '../routing/index.js';
import type { Exchange } from '../trace/index.js';
import type { SecretScan } from './secret-scan.js';
import type { FoundSecret, SecretWatch } from './secret-watch.js';

const NOTHING = Buffer.alloc(0);

type Method = 'writeHead' | 'write' | 'end';
type Call = (...args: unknown[]) => unknown;

/**
 * Searches what a native handler answers, whichever way it writes it: through Nest, Express or on the response itself.
 * All of these end in `writeHead`, `write` and `end` of this one response, which are replaced here. The returned function
 * gives them back, for another who answers in the handler's stead.
 */
export function guardNativeAnswer(exchange: Exchange, policies: RoutePolicies, watch: SecretWatch): () => void {
  if (policies.secretScan === 'off') return () => undefined;
  const answer = new NativeAnswer(exchange, policies, watch);
  answer.takeOver();
  return () => answer.release();
}

class NativeAnswer {
  private readonly res: ServerResponse;
  private readonly original: Readonly<Record<Method, Call>>;
  private scan: SecretScan | undefined;
  private isHeadClear = false;
  private isStopped = false;

  constructor(
    private readonly exchange: Exchange,
    private readonly policies: RoutePolicies,
    private readonly watch: SecretWatch,
  ) {
    const { res } = exchange;
    this.res = res;
    this.original = { writeHead: res.writeHead as Call, write: res.write as Call, end: res.end as Call };
  }

  takeOver(): void {
    Object.assign(this.res, {
      writeHead: (...args: unknown[]) => this.writeHead(args),
      write: (...args: unknown[]) => this.write(args),
      end: (...args: unknown[]) => this.end(args),
    });
  }

  release(): void {
    Object.assign(this.res, this.original);
  }

  private writeHead(args: unknown[]): unknown {
    if (this.isStopped || !this.clearHead(args)) return this.res;
    return this.original.writeHead.apply(this.res, args);
  }

  private write([chunk, encoding, callback]: readonly unknown[]): unknown {
    if (this.isStopped || !this.clearHead([])) return false;
    const scan = this.scanOf();
    const free = scan.push(toBuffer(chunk, encoding));
    if (scan.found !== undefined) {
      this.stop({ secret: scan.found, where: 'body' });
      return false;
    }
    return this.original.write.call(this.res, free, ...[encoding, callback].filter((arg) => typeof arg === 'function'));
  }

  private end(args: readonly unknown[]): unknown {
    if (this.isStopped || !this.clearHead([])) return this.res;
    const callbacks = args.filter((arg) => typeof arg === 'function');
    const [chunk, encoding] = args;
    const last = typeof chunk === 'function' ? NOTHING : toBuffer(chunk, encoding);
    if (this.scan === undefined) return this.endWhole(last, callbacks);
    const free = Buffer.concat([this.scan.push(last), this.scan.end()]);
    if (this.scan.found !== undefined) {
      this.stop({ secret: this.scan.found, where: 'body' });
      return this.res;
    }
    return this.original.end.call(this.res, free, ...callbacks);
  }

  /** The whole body at once, as almost every handler's answer comes. */
  private endWhole(body: Buffer, callbacks: readonly unknown[]): unknown {
    const { res, watch, policies } = this;
    if (body.length === 0) return this.original.end.call(res, ...callbacks);
    const found = watch.findInBody(policies, this.contentType(), body);
    if (found !== undefined) {
      this.stop(found);
      return res;
    }
    return this.original.end.call(res, ...joinedBody(body), ...callbacks);
  }

  /** Looks through the head before Node makes it: what is set, and what `writeHead` is given besides. */
  private clearHead(args: readonly unknown[]): boolean {
    if (this.isHeadClear && args.length < 2) return true;
    const { res, policies } = this;
    const reason = args.find((arg): arg is string => typeof arg === 'string') ?? res.statusMessage ?? '';
    const given = args.find((arg) => typeof arg === 'object' && arg !== null);
    const headers: string[] = [];
    flatten(res.getHeaders(), headers);
    flatten(given, headers);
    const found = this.watch.findInHead(policies, reason, headers);
    if (found !== undefined) this.stop(found);
    this.isHeadClear = found === undefined;
    return this.isHeadClear;
  }

  private scanOf(): SecretScan {
    const made = (this.scan ??= this.watch.scanFor(this.policies, this.contentType()));
    if (made === undefined) throw new Error('a route without a search is not guarded');
    return made;
  }

  private contentType(): string | undefined {
    const type = this.res.getHeader('content-type');
    return typeof type === 'string' ? type : undefined;
  }

  private stop(found: FoundSecret): void {
    const { res, exchange } = this;
    this.watch.raiseAlarm(exchange, found);
    Object.assign(res, this.original);
    // As for PHP's answers: nobody can tell by the answer who serves the route.
    answerWithError(exchange, new GatewayError('UPSTREAM_BAD_ANSWER'));
    this.isStopped = true;
    // The handler may go on writing for a while.
    Object.assign(res, { writeHead: () => res, write: () => false, end: () => res });
  }
}

/** Adds headers in any of the ways that Node takes them to a list of name, value, … */
function flatten(headers: unknown, into: string[]): void {
  if (typeof headers !== 'object' || headers === null) return;
  if (Array.isArray(headers)) {
    for (const item of headers.flat()) into.push(String(item));
    return;
  }
  const record = headers as Readonly<Record<string, OutgoingHttpHeader | undefined>>;
  // A head has some thirty fields: in plain loops they cost a tenth of what lists of lists do.
  for (const name of Object.keys(record)) {
    const value = record[name];
    if (Array.isArray(value)) for (const one of value) into.push(name, one);
    else into.push(name, String(value));
  }
}

function toBuffer(chunk: unknown, encoding: unknown): Buffer {
  if (typeof chunk === 'string')
    return Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
  return chunk instanceof Uint8Array ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength) : NOTHING;
}
