import type { OutgoingHttpHeader, ServerResponse } from 'node:http';
import { answerWithError, GatewayError } from '../contract/index.js';
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
    this.original = { writeHead: bound(res, 'writeHead'), write: bound(res, 'write'), end: bound(res, 'end') };
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

  private writeHead(args: readonly unknown[]): unknown {
    if (this.isStopped || !this.clearHead(args)) return this.res;
    return this.original.writeHead(...args);
  }

  private write([chunk, encoding, callback]: readonly unknown[]): unknown {
    if (this.isStopped || !this.clearHead([])) return false;
    const scan = this.scanOf();
    const free = scan.push(toBuffer(chunk, encoding));
    if (scan.found !== undefined) {
      this.stop({ secret: scan.found, where: 'body' });
      return false;
    }
    return this.original.write(free, ...[encoding, callback].filter((arg) => typeof arg === 'function'));
  }

  private end(args: readonly unknown[]): unknown {
    if (this.isStopped || !this.clearHead([])) return this.res;
    const callbacks = args.filter((arg) => typeof arg === 'function');
    const [chunk, encoding] = args;
    const last = typeof chunk === 'function' ? NOTHING : toBuffer(chunk, encoding);
    if (this.scan === undefined && last.length === 0) return this.original.end(...callbacks);
    const scan = this.scanOf();
    const free = Buffer.concat([scan.push(last), scan.end()]);
    if (scan.found !== undefined) {
      this.stop({ secret: scan.found, where: 'body' });
      return this.res;
    }
    return this.original.end(free, ...callbacks);
  }

  /** Looks through the head before Node makes it: what is set, and what `writeHead` is given besides. */
  private clearHead(args: readonly unknown[]): boolean {
    if (this.isHeadClear && args.length < 2) return true;
    const { res, policies } = this;
    const reason = args.find((arg): arg is string => typeof arg === 'string') ?? res.statusMessage ?? '';
    const given = args.find((arg) => typeof arg === 'object' && arg !== null);
    const found = this.watch.findInHead(policies, reason, [...flatten(res.getHeaders()), ...flatten(given)]);
    if (found !== undefined) this.stop(found);
    this.isHeadClear = found === undefined;
    return this.isHeadClear;
  }

  private scanOf(): SecretScan {
    const { res, watch, policies } = this;
    const type = res.getHeader('content-type');
    const made = (this.scan ??= watch.scanFor(policies, typeof type === 'string' ? type : undefined));
    if (made === undefined) throw new Error('a route without a search is not guarded');
    return made;
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

function bound(res: ServerResponse, method: Method): Call {
  return (res[method] as Call).bind(res);
}

/** Headers in any of the ways that Node takes them, as name, value, … */
function flatten(headers: unknown): string[] {
  if (typeof headers !== 'object' || headers === null) return [];
  if (Array.isArray(headers)) {
    return headers.flat().map((item) => String(item));
  }
  return Object.entries(headers as Readonly<Record<string, OutgoingHttpHeader | undefined>>).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).flatMap((one) => [name, String(one)]),
  );
}

function toBuffer(chunk: unknown, encoding: unknown): Buffer {
  if (typeof chunk === 'string')
    return Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
  return chunk instanceof Uint8Array ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength) : NOTHING;
}
