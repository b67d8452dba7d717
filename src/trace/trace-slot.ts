import type { Exchange, ExchangeNotes } from './exchange.js';
import { type TimedStep, stepsOf } from './timeline-steps.js';
import type { Branch, Sheet, SheetPlace } from './timeline.js';

type StageName = 'proxy' | 'mirror' | 'canary' | 'replaced';

/** A request that is remembered. `at`: when it began, ISO 8601. */
export interface TracedRow {
  readonly traceId: string;
  readonly at: string;
  readonly method: string;
  readonly route: string | null;
  readonly status: number;
  readonly ms: number;
  readonly errorCode?: string;
}

/** A request that is remembered, and its way step by step. */
export interface TracedRequest extends TracedRow {
  readonly stage: StageName | null;
  readonly arm?: 'control' | 'candidate';
  readonly servedBy?: 'gateway' | 'native' | 'upstream' | 'cache';
  readonly cache?: string;
  readonly upstreamMs?: number;
  readonly attempts?: number;
  readonly upstreamFault?: string;
  readonly steps: readonly TimedStep[];
}

/** What is known of a branch by its kind. */
const BESIDES = {
  candidate: { arm: 'candidate', servedBy: 'native' },
  'control again': { arm: 'control', servedBy: 'upstream' },
  refresh: { cache: 'refresh' },
} as const;

/** Places of a slot's numbers. */
const STARTED = 0;
const TOOK = 1;
const UPSTREAM = 2;
const TIMES = 3;

/** The place of one remembered request: its names, codes and numbers, written over when another takes it. */
export class TraceSlot {
  traceId = '';
  status = 0;
  /** Numbers in an array of their own: written over, they make nothing that is to be collected. */
  private readonly times = new Float64Array(TIMES);
  /** Its time is no latency: a stream, or a joined socket, lasts as long as it is used. */
  isLasting = false;
  private method = '';
  private route: string | undefined;
  private stage: StageName | undefined;
  private errorCode: ExchangeNotes['errorCode'];
  private arm: ExchangeNotes['arm'];
  private servedBy: ExchangeNotes['servedBy'];
  private cache: ExchangeNotes['cache'];
  private attempts: number | undefined;
  private upstreamFault: string | undefined;
  private readonly written: SheetPlace = { numbers: undefined, length: 0, left: 0 };
  private branches: readonly Branch[] | undefined;

  /** Writes a request down and takes its timeline; what stood here is gone. */
  take(exchange: Exchange, status: number, ms: number): void {
    const { trace, method, route, notes, timeline, startedAt } = exchange;
    if (this.branches !== undefined) this.dropBranches(this.branches);
    this.traceId = trace.traceId;
    this.status = status;
    this.times[STARTED] = startedAt;
    this.times[TOOK] = ms;
    this.times[UPSTREAM] = notes.upstreamMs ?? -1;
    this.isLasting = exchange.isStream || status === 101;
    this.method = method;
    this.route = route?.name;
    this.stage = route?.stage;
    this.errorCode = status === 499 ? 'CLIENT_CLOSED' : notes.errorCode;
    this.arm = notes.arm;
    this.servedBy = notes.servedBy;
    this.cache = notes.cache;
    this.attempts = notes.attempts;
    this.upstreamFault = notes.upstreamFault;
    this.branches = timeline.branches;
    timeline.closeInto(this.written);
  }

  get ms(): number {
    return this.times[TOOK] ?? 0;
  }

  /** Milliseconds of `performance.now()`. */
  get endedAt(): number {
    return this.startedAt + this.ms;
  }

  private get startedAt(): number {
    return this.times[STARTED] ?? 0;
  }

  private get upstreamMs(): number | undefined {
    const ms = this.times[UPSTREAM] ?? -1;
    return ms < 0 ? undefined : ms;
  }

  get isFailed(): boolean {
    // Below 400 with a fault: the answer was cut.
    return this.status >= 500 || (this.status < 400 && this.errorCode !== undefined);
  }

  private sheet(): Sheet | undefined {
    const { numbers, length, left } = this.written;
    return numbers === undefined ? undefined : { numbers, length, left };
  }

  row(): TracedRow {
    const { traceId, method, status } = this;
    return {
      traceId,
      at: timeOf(this.startedAt),
      method,
      route: this.route ?? null,
      status,
      ms: rounded(this.ms),
      ...ifKnown({ errorCode: this.errorCode }),
    };
  }

  /** The request, and what was asked for it besides: a mirror's candidate, once that has answered. */
  requests(): TracedRequest[] {
    const { servedBy, arm, cache, upstreamMs, attempts, upstreamFault } = this;
    const request: TracedRequest = {
      ...this.row(),
      stage: this.stage ?? null,
      ...ifKnown({ arm, servedBy, cache, upstreamMs, attempts, upstreamFault }),
      steps: stepsOf(this.sheet(), this.startedAt, this.endedAt).map((step) => this.said(step)),
    };
    return [request, ...(this.branches ?? []).flatMap((branch) => this.besides(branch))];
  }

  /** What is known of a step only when the request is over. */
  private said(step: TimedStep): TimedStep {
    if (step.depth > 0 || step.note !== undefined) return step;
    if (step.name === 'refusal') return { ...step, note: `${this.status} ${this.errorCode ?? ''}`.trim() };
    if (step.name === 'cache' && this.cache !== undefined) return { ...step, note: this.cache };
    return step;
  }

  private besides({ kind, timeline, ended }: Branch): TracedRequest[] {
    if (ended === undefined) return [];
    const { startedAt, sheet } = timeline;
    return [
      {
        traceId: this.traceId,
        at: timeOf(startedAt),
        method: this.method,
        route: this.route ?? null,
        status: ended.status ?? 0,
        ms: rounded(ended.at - startedAt),
        stage: this.stage ?? null,
        ...BESIDES[kind],
        steps: stepsOf(sheet, startedAt, ended.at),
      },
    ];
  }

  private dropBranches(branches: readonly Branch[]): void {
    for (const { timeline, ended } of branches) if (ended !== undefined) timeline.drop();
  }
}

/** The wall clock is read when somebody looks: it is set now and then, and the time between two requests stays what it was. */
function timeOf(monotonicMs: number): string {
  return new Date(Date.now() - performance.now() + monotonicMs).toISOString();
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}

type Known<Values> = { [Name in keyof Values]?: Exclude<Values[Name], undefined> };

function ifKnown<Values extends object>(values: Values): Known<Values> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Known<Values>;
}
