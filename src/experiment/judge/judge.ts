import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { EvidenceBook } from '../evidence/evidence-book.js';
import type { EvidenceKeeper } from '../evidence/evidence-keeper.js';
import type { RouteEvidence } from '../evidence/route-evidence.js';
import { withDeadline } from '../stages/deadline.js';
import type { StageBoard } from '../stages/stage-board.js';
import type { StageDecision } from '../stages/unsaved-stages.js';
import type { Logger } from '../../trace/index.js';
import type { DecisionRecord, DecisionStore } from './decision-store.js';
import { type DecisionEvidence, judge, type Judgement, outcomes, tellsTheSame } from './judgement.js';

/** Milliseconds between rounds: what a crash may cost of the evidence, and how old it may be where decisions are made. */
const ROUND_MS = 2000;
/** Milliseconds for the last round of a process that ends. */
const LAST_ROUND_MS = 2000;
const BY = 'gateway';
/** Decisions of a route that are remembered without a database. */
const MAX_REMEMBERED = 20;

/**
 * Decides about candidates by what was seen of them, every two seconds and at once where a canary has become too bad. All instances
 * judge by the same evidence; the stage is changed only where it still is the one that was judged, so that one of them decides.
 */
export class Judge implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> | undefined;
  private isFailing = false;
  private isStopped = false;
  /** What was last told of each route. */
  private readonly told = new Map<string, string>();
  /** Replaced, and bad. */
  private readonly bad = new WeakSet<RouteEvidence>();
  private readonly remembered = new Map<string, DecisionRecord[]>();
  /** Made, and not in the database yet. */
  private unsaved: DecisionRecord[] = [];
  private saving: Promise<void> = Promise.resolve();

  constructor(
    private readonly book: EvidenceBook,
    private readonly keeper: EvidenceKeeper,
    private readonly board: StageBoard,
    private readonly store: DecisionStore,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.book.connect((evidence) => {
      // Not within the request that was one too many.
      setImmediate(() => this.consider(evidence));
    });
    this.schedule();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    const last = (this.round ?? Promise.resolve()).then(() => this.keeper.run(true));
    // What is lost is told by nobody: the process ends, and the evidence is one round older.
    await withDeadline(last, LAST_ROUND_MS).catch(() => undefined);
  }

  /** What was decided of a route in this process, latest first. */
  lastOf(route: string): readonly DecisionRecord[] {
    return (this.remembered.get(route) ?? []).toReversed();
  }

  /** Whether a replaced route was found to have gone bad. */
  isBad(evidence: RouteEvidence): boolean {
    return this.bad.has(evidence);
  }

  private schedule(): void {
    if (this.isStopped) return;
    this.timer = setTimeout(() => {
      this.round = this.runOnce().finally(() => this.schedule());
    }, ROUND_MS);
    this.timer.unref();
  }

  private async runOnce(): Promise<void> {
    await this.trying(() => this.keeper.run());
    for (const evidence of this.book.all()) this.consider(evidence);
    await this.trying(() => this.save());
  }

  /** Judges one route, and takes what comes of it into effect. */
  private consider(evidence: RouteEvidence): void {
    if (this.isStopped || !this.isCurrent(evidence)) return;
    const judgement = judge(evidence);
    const { verdict, to } = judgement;
    if (evidence.recent !== undefined) this.watch(evidence, judgement);
    else if (to !== undefined && verdict.action === 'roll-back') this.rollBack(evidence, judgement);
    else if (to !== undefined) void this.trying(() => this.promote(evidence, judgement));
    else this.note(evidence, judgement);
  }

  /** At once, in this process; then in the database, where all others hear of it. */
  private rollBack(evidence: RouteEvidence, judgement: Judgement): void {
    const decision = this.decisionOf(evidence, judgement);
    if (decision === undefined) return;
    this.board.decideNow(decision);
    this.trying(() => this.save()).catch(() => undefined);
  }

  private async promote(evidence: RouteEvidence, judgement: Judgement): Promise<void> {
    const decision = this.decisionOf(evidence, judgement);
    if (decision !== undefined && (await this.board.decide(decision)))
      this.remember(recordOf(decision, evidence.epoch));
    await this.saveRecords();
  }

  private async save(): Promise<void> {
    for (const decision of await this.board.saveUnsaved()) {
      this.remember(recordOf(decision, (decision.evidence as DecisionEvidence).epoch));
    }
    await this.saveRecords();
  }

  /** A replaced route is nobody's to judge but a person's, who is called once each time that it goes bad. */
  private watch(evidence: RouteEvidence, judgement: Judgement): void {
    const { name } = evidence;
    const isBad = judgement.verdict.reasons.some(({ outcome }) => outcome === 'fail');
    if (isBad === this.bad.has(evidence)) return;
    if (isBad) this.bad.add(evidence);
    else this.bad.delete(evidence);
    const { reason } = judgement;
    const back = `npm run gateway -- stage ${name} proxy --reason "…"`;
    if (isBad) this.logger.error({ route: name, reason, back }, 'a replaced route has gone bad: nothing was changed');
    else this.logger.info({ route: name }, 'a replaced route is well again');
    this.note(evidence, judgement);
  }

  /** A judgement that changes nothing is kept when it is another than before. */
  private note({ name, epoch, route }: RouteEvidence, { verdict, reason, evidence }: Judgement): void {
    const story = `${epoch} ${verdict.action} ${outcomes(verdict.reasons)}`;
    if (this.told.get(name) === story) return;
    this.told.set(name, story);
    const from = { stage: route.stage, weight: route.weight };
    const at = new Date().toISOString();
    this.remember({ route: name, epoch, at, from, action: verdict.action, to: undefined, reason, evidence });
  }

  private remember(record: DecisionRecord): void {
    const list = this.remembered.get(record.route) ?? [];
    this.remembered.set(record.route, [...list, record].slice(-MAX_REMEMBERED));
    this.unsaved = [...this.unsaved, record].slice(-100);
  }

  /** One at a time: a record that is on its way is not to be sent twice. */
  private saveRecords(): Promise<void> {
    this.saving = this.saving.catch(() => undefined).then(() => this.saveAll());
    return this.saving;
  }

  private async saveAll(): Promise<void> {
    if (!this.keeper.isReachable) return;
    while (this.unsaved.length > 0) {
      const [record] = this.unsaved;
      if (record === undefined) return;
      await this.store.add(record, (other) => tellsTheSame(record.evidence as DecisionEvidence, other));
      this.unsaved = this.unsaved.filter((one) => one !== record);
    }
  }

  private decisionOf(evidence: RouteEvidence, { to, reason, evidence: facts }: Judgement): StageDecision | undefined {
    const on = this.board.find(evidence.name);
    return on === undefined || to === undefined ? undefined : { on, to, by: BY, reason, evidence: facts };
  }

  /** Whether the evidence is about what is in effect. */
  private isCurrent({ name, route }: RouteEvidence): boolean {
    const staged = this.board.find(name);
    if (staged === undefined || !this.board.isKnown) return false;
    const { effective, override } = staged;
    return effective.stage === route.stage && effective.weight === route.weight && override?.at === route.stagedAt;
  }

  private async trying(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.isFailing = false;
    } catch (error) {
      if (this.isFailing) return;
      this.isFailing = true;
      this.logger.error(
        { fault: error instanceof Error ? error.name : typeof error },
        'experiments: what was seen cannot be saved; it is kept in memory and tried again',
      );
    }
  }
}

function recordOf({ on, to, reason, evidence }: StageDecision, epoch: string): DecisionRecord {
  const action = to.stage === 'proxy' ? 'roll-back' : 'promote';
  return {
    route: on.route.name,
    epoch,
    at: new Date().toISOString(),
    from: on.effective,
    action,
    to,
    reason,
    evidence,
  };
}
