import { Inject, Injectable } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { Database } from '../../database/index.js';
import type { DryRunDeclaration, Route } from '../../routing/index.js';
import type { Exchange } from '../../trace/index.js';
import type { CompiledRules } from '../compare/compile-rules.js';
import { EvidenceBook } from '../evidence/evidence-book.js';
import type { RouteEvidence } from '../evidence/route-evidence.js';
import { MAX_BYTES } from '../evidence/route-noise.js';
import { type Answerer, callCandidate } from '../mirror/candidate-call.js';
import { recordControl } from '../mirror/control-record.js';
import { callerKey, keep, Mirror, type MirroredCall, type RouteMirror } from '../mirror/mirror.js';
import type { MirrorLog } from '../mirror/mirror-log.js';
import type { WatchedComparison } from '../mirror/owner-writes.js';
import { compileAnswerRules } from './compare-write.js';
import { concludeWrite } from './conclude-write.js';
import type { EffectsSource, OwnerEffects } from './effects-source.js';
import { runTrial } from './run-trial.js';

/** Writes tried in this process at a time, and of one route; a handler that was given up keeps its place until it ends. */
const MAX_UNDER_WAY = 4;
const MAX_OF_ROUTE = 2;
/** Milliseconds that a handler has at most, whatever its route says: it holds a connection of the database. */
const HANDLER_WITHIN_MS = 1000;
const KEY_BYTES = 16;

interface Attempt {
  readonly exchange: Exchange;
  readonly call: MirroredCall;
  readonly owner: OwnerEffects;
  readonly write: WatchedComparison;
  readonly evidence: RouteEvidence;
}

interface WriteRoute {
  readonly declaration: DryRunDeclaration;
  readonly rules: CompiledRules;
  readonly log: MirrorLog;
  readonly candidate: Answerer;
  readonly timeoutMs: number;
}

/**
 * Tries writes beside PHP: the handler runs in a transaction that is rolled back, from the data that PHP held before, its mail and
 * calls kept back, and its answer and its effects are compared with PHP's. The client gets PHP's answer and waits for nothing else.
 */
@Injectable()
export class WriteMirror {
  private source: EffectsSource | undefined;
  private underWay = 0;

  constructor(
    @Inject(Mirror) private readonly mirror: Mirror,
    @Inject(EvidenceBook) private readonly book: EvidenceBook,
    @Inject(Database) private readonly database: Database,
  ) {}

  /** Where effects are found; until it is known no write is tried. */
  connect(source: EffectsSource): void {
    this.source = source;
  }

  /**
   * Takes note of a request by which data may be changed, until its answer is out: for every write, whoever answers it. What is
   * compared meanwhile of the same data says nothing.
   */
  note({ identity, res, route }: Exchange, declaration?: DryRunDeclaration): void {
    if (identity === undefined || route === undefined) return;
    const { subject } = identity;
    const own = declaration === undefined ? undefined : this.source?.of(declaration.collection, subject)?.key;
    const keys = new Set([callerKey(subject), ...(this.source?.keysWrittenBy(route.name, subject) ?? [])]);
    if (own !== undefined) keys.add(own);
    res.once('close', this.mirror.writes.begin([...keys]));
  }

  /**
   * How a route's writes are tried, each once it has been noted. Where the route's own rules cannot be read, none is; the book says why.
   * @throws RangeError when the handler's declaration cannot be read
   */
  forRoute({ name, experiment }: Route, declaration: DryRunDeclaration, candidate: Answerer): RouteMirror {
    const { ignore, keyed, sample } = experiment;
    const log = this.mirror.logOf(name);
    compileAnswerRules({}, declaration);
    const timeoutMs = Math.min(experiment.timeoutMs, HANDLER_WITHIN_MS);
    let made: WriteRoute | undefined;
    const route = (): WriteRoute => {
      const rules = compileAnswerRules({ ignore, keyed, bounds: { maxBytes: MAX_BYTES } }, declaration);
      return { declaration, rules, log, candidate, timeoutMs };
    };
    return (exchange, call) => {
      const { identity, body } = exchange;
      const evidence = this.book.of(name);
      const isReadable = typeof this.book.noiseOf(name) !== 'string';
      if (identity === undefined || evidence === undefined || !isReadable || Math.random() >= sample) return;
      const owner = this.source?.of(declaration.collection, identity.subject);
      if (owner === undefined) return;
      const isFull = this.underWay >= MAX_UNDER_WAY || log.underWay >= MAX_OF_ROUTE;
      if (isFull || (body?.byteLength ?? 0) > MAX_BYTES) {
        log.skipped += 1;
        return;
      }
      made ??= route();
      this.underWay += 1;
      log.underWay += 1;
      const write = this.mirror.writes.compare(owner.key, 1);
      void this.observe({ exchange, call, owner, write, evidence }, made).finally(() => {
        write.end();
        this.underWay -= 1;
      });
    };
  }

  private async observe(attempt: Attempt, route: WriteRoute): Promise<void> {
    const { exchange, call, owner, write, evidence } = attempt;
    const { log, candidate, timeoutMs } = route;
    let isAsked = false;
    const keepAs = randomBytes(KEY_BYTES).toString('hex');
    exchange.keepAs = keepAs;
    exchange.timeline.expectBranches();
    const ask = (): ReturnType<typeof callCandidate> => {
      isAsked = true;
      return callCandidate(exchange, candidate, { ...call, timeoutMs, maxBytes: MAX_BYTES }, () => {
        log.underWay -= 1;
      });
    };
    try {
      const served = await recordControl(exchange.res, MAX_BYTES, performance.now());
      if (served === undefined) {
        log.lost += 1;
        return;
      }
      const effects = await owner.read(keepAs, exchange.traceId).catch(() => undefined);
      // What PHP kept of a write tells whether others have written since; of a refusal nothing was kept.
      const isRaced = effects?.isOvertaken === true || (effects?.hasWritten === false && write.isRaced);
      const before = effects?.before;
      const trial =
        effects === undefined || isRaced
          ? undefined
          : await runTrial({ database: this.database, owner, before, timeoutMs, ask });
      if (trial?.kind === 'tried') log.keepBack(trial.outbound, exchange.traceId);
      if (trial?.kind === 'busy') {
        log.skipped += 1;
        return;
      }
      const facts = { control: served, effects, isRaced };
      keep(concludeWrite(facts, trial, route, owner, Date.now()), evidence, exchange, call.action);
    } catch {
      log.lost += 1;
    } finally {
      if (!isAsked) log.underWay -= 1;
    }
  }
}
