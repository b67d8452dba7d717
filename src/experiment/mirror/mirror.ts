import { Inject, Injectable, Optional } from '@nestjs/common';
import type { Route } from '../../routing/index.js';
import type { Exchange } from '../../trace/index.js';
import { WORKER_PLACE, type WorkerPlace } from '../../workers/index.js';
import type { Answer, CandidateFailure } from '../compare/answer.js';
import { compareInSlices } from '../compare/compare-answers.js';
import type { Observation } from '../compare/observation.js';
import { EvidenceBook } from '../evidence/evidence-book.js';
import type { RouteEvidence } from '../evidence/route-evidence.js';
import { MAX_BYTES, RouteNoise } from '../evidence/route-noise.js';
import type { RecordedRequest } from '../record/recorded-exchange.js';
import { toRecordedRequest } from '../record/to-recorded-request.js';
import { type Answerer, callCandidate } from './candidate-call.js';
import { recordControl } from './control-record.js';
import { MirrorLog } from './mirror-log.js';
import { OwnerWrites } from './owner-writes.js';
import { settleDoubt } from './settle-doubt.js';

/** Comparisons under way in this process; more are not begun. */
const MAX_UNDER_WAY = 16;
/** Of one route: a handler that was given up keeps its place until it ends, so that dead ones do not pile up. */
const MAX_OF_ROUTE = 4;
/** Requests of this process for which PHP is being asked a second time. */
const MAX_AGAIN = 2;
/** Milliseconds between two of one route: a candidate that is always wrong must not double PHP's work. */
const AGAIN_EVERY_MS = 200;
/** Pairs of PHP's answers until its noise is known well enough; from then on a small share is enough. */
const YOUNG_PAIRS = 20;
const GROWN_SHARE = 0.01;

/** What the mirror needs of a request: the handler's address and body. */
export interface MirroredCall {
  readonly url: string;
  readonly body: unknown;
  /** PHP's `action`, where the route asks for it. */
  readonly action: string | undefined;
}

/** Who answers, off the path: the native handler, and PHP once more. */
export interface Mirrored {
  readonly candidate: Answerer;
  readonly again: Answerer;
}

/** Mirrors a request of one route; returns at once, whatever becomes of the candidate. */
export type RouteMirror = (exchange: Exchange, call: MirroredCall) => void;

/**
 * Asks native handlers beside PHP, off the path, and compares: the client gets PHP's answer and waits for nothing else. A
 * candidate that is slow, dead or wrong changes nothing but what is known of it.
 */
@Injectable()
export class Mirror {
  /** Whoever answers them, in whichever worker. */
  readonly writes: OwnerWrites;
  private readonly logs = new Map<string, MirrorLog>();
  private underWay = 0;
  private again = 0;

  constructor(
    @Inject(EvidenceBook) private readonly book: EvidenceBook,
    @Optional() @Inject(WORKER_PLACE) place?: WorkerPlace,
  ) {
    this.writes = new OwnerWrites(place?.link);
  }

  /** How the mirror of a route fares. */
  logOf(route: string): MirrorLog {
    const known = this.logs.get(route);
    if (known !== undefined) return known;
    const made = new MirrorLog();
    this.logs.set(route, made);
    return made;
  }

  /** How the mirrors of all routes fare. */
  allLogs(): Iterable<readonly [route: string, log: MirrorLog]> {
    return this.logs.entries();
  }

  /** A route whose rules cannot be read is not mirrored; the book says why. */
  forRoute({ name, experiment, policies }: Route, sides: Mirrored): RouteMirror {
    const { sample, timeoutMs } = experiment;
    // PHP has that long to answer, and as much as a candidate to get it to its client.
    const controlMs = policies.timeoutMs + timeoutMs;
    const log = this.logOf(name);
    return (exchange, call) => {
      const [evidence, noise] = [this.book.of(name), this.book.noiseOf(name)];
      if (evidence === undefined || !(noise instanceof RouteNoise)) return;
      if (!(exchange.isMirrored ?? Math.random() < sample)) return;
      if (this.underWay >= MAX_UNDER_WAY || log.underWay >= MAX_OF_ROUTE) {
        log.skipped += 1;
        return;
      }
      this.underWay += 1;
      log.underWay += 1;
      const { identity } = exchange;
      const read = identity === undefined ? undefined : this.writes.compare(callerKey(identity.subject), 0);
      const control = recordControl(exchange.res, MAX_BYTES, performance.now(), controlMs);
      exchange.timeline.expectBranches();
      const ask = (
        answerer: Answerer,
        kind: 'candidate' | 'control again',
        onEnded: () => void,
      ): Promise<Answer | CandidateFailure> =>
        callCandidate(exchange, answerer, { ...call, timeoutMs, maxBytes: MAX_BYTES, kind }, onEnded);
      const askCandidate = (): Promise<Answer | CandidateFailure> =>
        ask(sides.candidate, 'candidate', () => {
          log.underWay -= 1;
        });
      // Which side begins is chance, so that neither always meets the warmer cache.
      const candidate = Math.random() < 0.5 ? soon().then(askCandidate) : control.then(askCandidate);
      const askAgain = (): Promise<Answer | undefined> =>
        this.mayAskAgain(log)
          ? this.askAgain(() => ask(sides.again, 'control again', () => undefined), log)
          : Promise.resolve(undefined);
      const run = async (): Promise<void> => {
        try {
          const observation = await observe(control, candidate, askAgain, noise);
          if (observation === undefined) log.lost += 1;
          else keep(read?.isRaced === true ? raced(observation) : observation, evidence, exchange, call.action);
        } catch {
          log.lost += 1;
        } finally {
          this.underWay -= 1;
          read?.end();
        }
      };
      void run();
    };
  }

  private mayAskAgain({ askedAgainAt }: MirrorLog): boolean {
    return this.again < MAX_AGAIN && performance.now() - askedAgainAt >= AGAIN_EVERY_MS;
  }

  /** Undefined where PHP gave no answer: that says nothing of the candidate, nor of noise. */
  private async askAgain(ask: () => Promise<Answer | CandidateFailure>, log: MirrorLog): Promise<Answer | undefined> {
    log.askedAgainAt = performance.now();
    this.again += 1;
    try {
      const answer = await ask();
      return 'failure' in answer ? undefined : answer;
    } finally {
      this.again -= 1;
    }
  }
}

/** What a caller's own writes are known by; no collection has such a name. */
export function callerKey(subject: string): string {
  return `caller ${subject}`;
}

/** The caller wrote meanwhile: each side may have read another state. */
function raced(observation: Observation): Observation {
  return observation.class === 'mismatch' ? { ...observation, class: 'not-comparable', reason: 'raced' } : observation;
}

/** Undefined when the client left. */
async function observe(
  control: Promise<Answer | undefined>,
  candidate: Promise<Answer | CandidateFailure>,
  askAgain: () => Promise<Answer | undefined>,
  noise: RouteNoise,
): Promise<Observation | undefined> {
  const [served, mirrored] = await Promise.all([control, candidate]);
  if (served === undefined) return undefined;
  const observation = await compareInSlices(served, mirrored, noise.rules, Date.now());
  const isDoubtful = observation.class === 'mismatch';
  const learns = noise.model.pairs < YOUNG_PAIRS || Math.random() < GROWN_SHARE;
  const second = isDoubtful || learns ? await askAgain() : undefined;
  if (second === undefined) return observation;
  if (learns) await noise.learn(served, second, Date.now());
  return isDoubtful ? settleDoubt(served, second, mirrored, noise.rules, Date.now()) : observation;
}

/** Takes an observation into the evidence, with a sample where it tells something. */
export function keep(
  observation: Observation,
  evidence: RouteEvidence,
  exchange: Exchange,
  action: string | undefined,
): void {
  const { class: kind, reason } = observation;
  const isTelling = kind !== 'match' && (kind !== 'not-comparable' || reason === 'control-unsteady');
  const sample = isTelling
    ? { at: new Date().toISOString(), traceId: exchange.traceId, observation, request: requestOf(exchange) }
    : undefined;
  evidence.compared(observation, action, sample);
}

function requestOf(exchange: Exchange): RecordedRequest | undefined {
  try {
    return toRecordedRequest(exchange);
  } catch {
    return undefined;
  }
}

function soon(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
