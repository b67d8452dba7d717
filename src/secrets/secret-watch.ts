import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type GatewayConfig } from '../config/index.js';
import { mediaTypeOf } from '../contract/index.js';
import type { RoutePolicies } from '../routing/index.js';
import { type Exchange, LOGGER, type Logger } from '../trace/index.js';
import { KEY_SHAPES, KEY_SHAPES_BUT_IN_PAGES } from './key-shapes.js';
import { ownSecrets } from './own-secrets.js';
import { PatternSet } from './pattern-set.js';
import { SecretScan } from './secret-scan.js';

const NOTHING = Buffer.alloc(0);
/** A head up to this length is looked through in a place that is kept. */
const HEAD_BYTES = 8192;
const PAGE_TYPES = new Set(['text/html', 'application/xhtml+xml', 'text/javascript', 'application/javascript']);

/** A secret that was about to leave: the variable or vendor it belongs to, and where it stood. Never the secret itself. */
export interface FoundSecret {
  readonly secret: string;
  /** `body`, or `header` and its name. */
  readonly where: string;
}

/** Knows what no answer may carry, makes the searches for it, and raises the alarm. */
@Injectable()
export class SecretWatch {
  private readonly own: PatternSet;
  private readonly all: PatternSet;
  private readonly inPages: PatternSet;
  private readonly head = Buffer.alloc(HEAD_BYTES);
  private readonly alarms = new Map<string, number>();

  constructor(
    @Inject(CONFIG) config: GatewayConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    const own = ownSecrets(config);
    this.own = new PatternSet(own);
    this.inPages = new PatternSet([...own, ...KEY_SHAPES]);
    this.all = new PatternSet([...own, ...KEY_SHAPES, ...KEY_SHAPES_BUT_IN_PAGES]);
  }

  /** How many answers were stopped, by the name of what was in them; since the start of this process. */
  get counts(): ReadonlyMap<string, number> {
    return this.alarms;
  }

  /** A search through an answer that passes in pieces; undefined where the route wants none. */
  scanFor({ secretScan }: RoutePolicies, contentType: string | undefined): SecretScan | undefined {
    return secretScan === 'off' ? undefined : new SecretScan(this.patternsFor(secretScan, contentType));
  }

  /** Looks through a body that is there as a whole. */
  findInBody({ secretScan }: RoutePolicies, contentType: string | undefined, body: Buffer): FoundSecret | undefined {
    if (secretScan === 'off') return undefined;
    const { pattern } = this.patternsFor(secretScan, contentType).search(body, NOTHING, true);
    return pattern === undefined ? undefined : { secret: pattern.name, where: 'body' };
  }

  /** Looks through a head: the reason phrase and header fields, name, value, … in latin1. */
  findInHead({ secretScan }: RoutePolicies, reason: string, headers: readonly string[]): FoundSecret | undefined {
    if (secretScan === 'off') return undefined;
    const patterns = this.patternsFor(secretScan, undefined);
    let text = reason;
    for (let i = 0; i < headers.length; i += 2) text += `\n${headers[i] ?? ''}: ${headers[i + 1] ?? ''}`;
    const { pattern } = patterns.search(this.latin1(text), NOTHING, true);
    if (pattern === undefined) return undefined;
    // Which line it was is asked only now, once in a very long time.
    const line = text.split('\n').findIndex((each) => patterns.search(this.latin1(each), NOTHING, true).pattern);
    return {
      secret: pattern.name,
      where: line > 0 ? `header ${headers[2 * (line - 1)]?.toLowerCase() ?? ''}` : 'status line',
    };
  }

  /** Tells that an answer was stopped. */
  raiseAlarm(exchange: Exchange, { secret, where }: FoundSecret): void {
    const { traceId, route } = exchange;
    exchange.hasSecretStopped = true;
    this.alarms.set(secret, (this.alarms.get(secret) ?? 0) + 1);
    this.logger.error({ traceId, route: route?.name ?? null, pattern: secret, where }, 'secret in answer');
  }

  /** A text's bytes, until the next call: heads are many and short. */
  private latin1(text: string): Buffer {
    if (text.length > HEAD_BYTES) return Buffer.from(text, 'latin1');
    return this.head.subarray(0, this.head.write(text, 'latin1'));
  }

  private patternsFor(secretScan: 'all' | 'own', contentType: string | undefined): PatternSet {
    if (secretScan === 'own') return this.own;
    if (contentType === undefined) return this.all;
    return PAGE_TYPES.has(mediaTypeOf(contentType)) ? this.inPages : this.all;
  }
}
