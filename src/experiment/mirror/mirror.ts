import { Injectable } from '@nestjs/common';
import type { Route } from '../../routing/index.js';
import type { Exchange } from '../../trace/index.js';
import type { Answer, CandidateFailure } from '../compare/answer.js';
import { compareAnswers } from '../compare/compare-answers.js';
import { type CompiledRules, compileRules } from '../compare/compile-rules.js';
import type { CompareSettings } from '../compare/compare-rules.js';
import { callCandidate, type NativeRouter } from './candidate-call.js';
import { recordControl } from './control-record.js';
import { MirrorLog } from './mirror-log.js';

/** Comparisons under way in this process; more are not begun. */
const MAX_UNDER_WAY = 16;
/** Of one route: a handler that was given up keeps its place until it ends, so that dead ones do not pile up. */
const MAX_OF_ROUTE = 4;
/** Bytes of a body that is compared; with the count, what the mirror may hold. */
const MAX_BYTES = 256 * 1024;

/** What the mirror needs of a request: the handler's address and body. */
export interface MirroredCall {
  readonly url: string;
  readonly body: unknown;
}

/** Mirrors a request of one route; returns at once, whatever becomes of the candidate. */
export type RouteMirror = (exchange: Exchange, call: MirroredCall) => void;

/**
 * Asks native handlers beside PHP, off the path, and compares: the client gets PHP's answer and waits for nothing else. A
 * candidate that is slow, dead or wrong changes nothing but what is known of it.
 */
@Injectable()
export class Mirror {
  private readonly logs = new Map<string, MirrorLog>();
  private underWay = 0;

  /** What was seen of a route. */
  logOf(route: string): MirrorLog {
    const known = this.logs.get(route);
    if (known !== undefined) return known;
    const made = new MirrorLog();
    this.logs.set(route, made);
    return made;
  }

  /** A route whose rules cannot be read is not mirrored; its log says why. */
  forRoute({ name, experiment }: Route, router: NativeRouter): RouteMirror {
    const { ignore, keyed, sample, timeoutMs } = experiment;
    const log = this.logOf(name);
    const rules = compile({ ignore, keyed, bounds: { maxBytes: MAX_BYTES } }, log);
    if (rules === undefined) return () => undefined;
    return (exchange, { url, body }) => {
      if (Math.random() >= sample) return;
      if (this.underWay >= MAX_UNDER_WAY || log.underWay >= MAX_OF_ROUTE) {
        log.skipped += 1;
        return;
      }
      this.underWay += 1;
      log.underWay += 1;
      const control = recordControl(exchange.res, MAX_BYTES, performance.now());
      const ask = (): Promise<Answer | CandidateFailure> =>
        callCandidate(exchange, router, { url, body, timeoutMs, maxBytes: MAX_BYTES }, () => {
          log.underWay -= 1;
        });
      // Which side begins is chance, so that neither always meets the warmer cache.
      const candidate = Math.random() < 0.5 ? soon().then(ask) : control.then(ask);
      void observe(control, candidate, rules, log, exchange.traceId).finally(() => (this.underWay -= 1));
    };
  }
}

async function observe(
  control: Promise<Answer | undefined>,
  candidate: Promise<Answer | CandidateFailure>,
  rules: CompiledRules,
  log: MirrorLog,
  traceId: string,
): Promise<void> {
  try {
    const [served, mirrored] = await Promise.all([control, candidate]);
    if (served === undefined) log.lost += 1;
    else log.add(compareAnswers(served, mirrored, rules, Date.now()), traceId);
  } catch {
    log.lost += 1;
  }
}

function compile(settings: CompareSettings, log: MirrorLog): CompiledRules | undefined {
  try {
    log.fault = undefined;
    return compileRules(settings);
  } catch (error) {
    log.fault = (error as { readonly message?: string }).message ?? 'its rules cannot be read';
    return undefined;
  }
}

function soon(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
