import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Exchange, exchangeOf } from '../trace/index.js';
import type { Hit } from './counting-storage.js';
import { LIMIT_FIELDS } from './limit-fields.js';
import { RateLimits } from './rate-limits.js';

/** Under these keys, each followed by a limit's name, the decorators of `@nestjs/throttler` file what they are given. */
const LIMIT = 'THROTTLER:LIMIT';
const TTL = 'THROTTLER:TTL';
const BLOCK = 'THROTTLER:BLOCK_DURATION';
const TRACKER = 'THROTTLER:TRACKER';
const SKIP = 'THROTTLER:SKIP';

type Resolvable = number | string | ((context: ExecutionContext) => number | string | Promise<number | string>);
type Tracker = (req: IncomingMessage, context: ExecutionContext) => string | Promise<string>;

/**
 * Honours `@Throttle({ name: { limit, ttl } })` and `@SkipThrottle({ name: true })` on native handlers, over the counters and
 * with the answer of the route table's limits. Counted by handler, name and caller: the identity, or the trusted address of who
 * has none, unless `getTracker` says otherwise. `@SkipThrottle` lifts what `@Throttle` on the class set, never a limit of the table.
 */
@Injectable()
export class HandlerThrottleGuard implements CanActivate {
  /** The limits of each class's handlers: what decorators have said once stays. */
  private readonly names = new WeakMap<Function, WeakMap<Function, readonly string[]>>();

  constructor(@Inject(RateLimits) private readonly limits: RateLimits) {}

  /** @throws GatewayError RATE_LIMITED */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const names = this.namesOf(context);
    return names.length === 0 ? true : this.judge(context, names);
  }

  private async judge(context: ExecutionContext, names: readonly string[]): Promise<boolean> {
    const http = context.switchToHttp();
    const exchange = exchangeOf(http.getRequest<IncomingMessage>());
    // Reached past the pipeline: refused elsewhere, with or without limits.
    if (exchange === undefined) return true;
    for (const name of names) {
      if (read(SKIP + name, context) === true) continue;
      const refusal = await this.limits.judge(await this.hitOf(name, context, exchange), exchange);
      if (refusal !== undefined) throw refusal;
    }
    writeAgain(exchange, http.getResponse<ServerResponse>());
    return true;
  }

  private namesOf(context: ExecutionContext): readonly string[] {
    const type = context.getClass();
    const handler = context.getHandler();
    const known = this.names.get(type)?.get(handler);
    if (known !== undefined) return known;
    const names = readNames([handler, type]);
    const ofClass = this.names.get(type) ?? new WeakMap<Function, readonly string[]>();
    this.names.set(type, ofClass.set(handler, names));
    return names;
  }

  private async hitOf(name: string, context: ExecutionContext, exchange: Exchange): Promise<Hit> {
    const windowMs = await resolve(read(TTL + name, context), context, 'ttl');
    const block = read(BLOCK + name, context);
    const track = read(TRACKER + name, context) as Tracker | undefined;
    const caller =
      track === undefined ? this.limits.callers.ofCaller(exchange) : `by:${await track(exchange.req, context)}`;
    return {
      name,
      key: `@${context.getClass().name}.${context.getHandler().name} ${caller}`,
      limit: await resolve(read(LIMIT + name, context), context, 'limit'),
      windowMs,
      blockMs: block === undefined ? 0 : await resolve(block, context, 'blockDuration'),
    };
  }
}

function readNames(targets: readonly Function[]): readonly string[] {
  const keys = targets.flatMap((target) => Reflect.getMetadataKeys(target) as unknown[]);
  const names = keys.flatMap((key) =>
    typeof key === 'string' && key.startsWith(LIMIT) ? [key.slice(LIMIT.length)] : [],
  );
  return [...new Set(names)];
}

/** What stands at the handler, else at its class. */
function read(key: string, context: ExecutionContext): unknown {
  return (Reflect.getMetadata(key, context.getHandler()) ?? Reflect.getMetadata(key, context.getClass())) as unknown;
}

async function resolve(value: unknown, context: ExecutionContext, option: string): Promise<number> {
  const given = typeof value === 'function' ? await (value as Extract<Resolvable, Function>)(context) : value;
  const number = Number(given);
  if (!(number > 0)) throw new Error(`@Throttle of ${context.getClass().name}: "${option}" must be a number above 0`);
  return number;
}

/** The pipeline's headers are on the answer already: those that have grown since are set once more. */
function writeAgain({ answerHeaders }: Exchange, res: ServerResponse): void {
  const at = answerHeaders.indexOf(LIMIT_FIELDS[0]);
  if (at === -1) return;
  for (const [i, name] of LIMIT_FIELDS.entries()) res.setHeader(name, answerHeaders[at + 2 * i + 1] ?? '');
}
