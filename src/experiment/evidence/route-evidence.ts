import type { Route } from '../../routing/index.js';
import type { Exchange } from '../../trace/index.js';
import { Repeats } from '../canary/repeats.js';
import type { Observation, ObservationClass } from '../compare/observation.js';
import { RecentErrors, type RecentState } from '../decide/recent-errors.js';
import { EvidenceLog, type EvidenceSnapshot, type Served } from '../decide/evidence-log.js';
import type { ArmTally, SequentialSettings } from '../decide/sequential-test.js';
import type { RecordedRequest } from '../record/recorded-exchange.js';

const MAX_SAMPLES = 20;
const MAX_KEY = 300;

/** One comparison that did not match; its values are redacted, and so is the request, which can be asked again. */
export interface Sample {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly traceId: string;
  readonly observation: Observation;
  readonly request: RecordedRequest | undefined;
}

/** Who hears of it. */
interface Hears {
  /** Once, at the request that made the canary too bad beyond doubt. */
  readonly crossed: (evidence: RouteEvidence) => void;
  readonly compared: (kind: ObservationClass) => void;
}

/** What is known of one route in one epoch: what this instance saw, and what the others told. Bounded memory. */
export class RouteEvidence {
  private own: EvidenceLog;
  private peers: readonly EvidenceSnapshot[] = [];
  private readonly repeats = new Repeats();
  private readonly unsaved: Sample[] = [];
  private readonly last: Sample[] = [];
  private hasCrossed = false;
  private readonly recentErrors: RecentErrors;
  /** Counts up with everything that is seen here. */
  changes = 0;
  private readonly settings: Partial<SequentialSettings>;

  constructor(
    private current: Route,
    readonly epoch: string,
    baseline: ArmTally | undefined,
    private readonly hears: Hears,
  ) {
    const { alpha } = current.experiment.decision;
    this.settings = { ...(alpha === undefined ? {} : { alpha }), ...(baseline === undefined ? {} : { baseline }) };
    this.own = new EvidenceLog(this.settings);
    this.recentErrors = new RecentErrors(baseline);
  }

  /** As the route table has it now. */
  get route(): Route {
    return this.current;
  }

  get name(): string {
    return this.current.name;
  }

  /** Replaced: its errors of the last minutes. */
  get recent(): RecentState | undefined {
    return this.isReplaced ? this.recentErrors.state() : undefined;
  }

  /** Takes the route of a newer table: who decides, and by which bounds, is said there; the evidence is the same. */
  follow(route: Route): void {
    this.current = route;
  }

  /** Takes a comparison of the mirror. */
  compared(observation: Observation, action: string | undefined, sample: Sample | undefined): void {
    this.own.observe(observation, action);
    this.hears.compared(observation.class);
    this.changes += 1;
    if (sample === undefined) return;
    for (const list of [this.unsaved, this.last]) {
      list.push(sample);
      if (list.length > MAX_SAMPLES) list.shift();
    }
  }

  /** Takes an answer of the canary that went out to `who`. */
  served(arm: 'control' | 'candidate', exchange: Exchange, who: string, served: Served): void {
    const { method, path, search } = exchange;
    const key = `${arm} ${who} ${method} ${path}${search}`.slice(0, MAX_KEY);
    const isRepeated = served.isError && this.repeats.isRepeated(key);
    if (this.isReplaced && !isRepeated) this.recentErrors.add(served.isError);
    // Replaced, there is no control that a test could hold it against.
    const decision = this.own.served(arm, { ...served, isRepeated: isRepeated || this.isReplaced });
    this.changes += 1;
    if (decision === 'roll-back') this.cross();
  }

  /** Takes note of an error that the handler left uncaught: a canary goes no further. */
  strayed(): void {
    this.own.strays += 1;
    this.changes += 1;
    if (this.current.stage === 'canary') this.cross();
  }

  /** All that is known, of all instances. */
  merged(): EvidenceLog {
    const log = new EvidenceLog(this.settings, this.own.toJSON());
    log.sequential.usePeers(this.peers.map(({ sequential }) => sequential));
    for (const peer of this.peers) log.merge(peer);
    return log;
  }

  usePeers(peers: readonly EvidenceSnapshot[]): void {
    this.peers = peers;
    this.own.sequential.usePeers(peers.map(({ sequential }) => sequential));
    if (this.own.sequential.isDecided) this.cross();
  }

  snapshot(): EvidenceSnapshot {
    return this.own.toJSON();
  }

  /** What this instance would have seen, had it gone on where others ended. */
  snapshotAfter(earlier: readonly EvidenceSnapshot[]): EvidenceSnapshot {
    const log = new EvidenceLog(this.settings, this.own.toJSON());
    for (const one of earlier) takeUp(log, one);
    return log.toJSON();
  }

  /** Goes on where others ended. */
  takeUp(earlier: readonly EvidenceSnapshot[]): void {
    // Among the peers until they are read again: what is taken over must not count twice meanwhile.
    if (earlier.length > 0) this.usePeers([]);
    for (const one of earlier) takeUp(this.own, one);
    if (this.own.sequential.isDecided) this.cross();
  }

  /** What was seen here is another's by now. */
  startAnew(): void {
    this.own = new EvidenceLog(this.settings);
    this.usePeers(this.peers);
  }

  takeUnsavedSamples(): readonly Sample[] {
    return this.unsaved.splice(0);
  }

  /** Seen here, the last first. */
  lastSamples(): readonly Sample[] {
    return this.last.toReversed();
  }

  private get isReplaced(): boolean {
    return this.current.stage === 'replaced';
  }

  private cross(): void {
    if (this.hasCrossed || this.isReplaced) return;
    this.hasCrossed = true;
    this.hears.crossed(this);
  }
}

function takeUp(log: EvidenceLog, earlier: EvidenceSnapshot): void {
  log.merge(earlier);
  log.sequential.resume(earlier.sequential);
}
