import { isDeepStrictEqual } from 'node:util';
import { DatabaseUnavailableError } from '../../database/index.js';
import { isStageable, type Route, type RouteTable, type Staging, whyNotStage } from '../../routing/index.js';
import { Tally } from '../../metrics/index.js';
import type { Logger } from '../../trace/index.js';
import { withDeadline } from './deadline.js';
import { findIdle, IdleWatch } from './idle-overrides.js';
import { ReadingLoop } from './reading-loop.js';
import { StagesUnavailableError } from './stages-unavailable.error.js';
import { type StageDecision, UnsavedStages } from './unsaved-stages.js';
import type { StageChange, StageOverride, StageReason, StageStore } from './stage-store.js';

const HISTORY_LIMIT = 100;

/** A route as the board sees it. */
export interface StagedRoute {
  readonly route: Route;
  readonly override: StageOverride | undefined;
  readonly effective: Staging;
}

type Overrides = ReadonlyMap<string, StageOverride>;

export type StageOutcome =
  | { readonly kind: 'done'; readonly staged: StagedRoute }
  | { readonly kind: 'unknown-route' | 'no-override' }
  | { readonly kind: 'impossible'; readonly why: string };

/**
 * Which stage holds for each route: the override, else the route table's. Each change makes a new table, which the pipeline
 * takes whole: a request reads its stage from its route and looks nothing up.
 *
 * While it is not known whether there are overrides, routes that PHP can answer are answered by PHP: one that was rolled
 * back because its handler did harm must not be served natively by an instance that has not heard of it.
 */
export class StageBoard {
  /** Changes that this instance has made, by route, the stage that followed, and who: gateway, administrator. */
  readonly changes = new Tally();
  private table: RouteTable = { upstreams: new Map(), routes: [] };
  private overrides: Overrides | undefined;
  private saved: readonly StageOverride[] = [];
  private readonly unsaved = new UnsavedStages();
  private serve: (table: RouteTable) => void = () => undefined;
  private isFailing = false;
  private readonly idleWatch: IdleWatch;
  private readonly loop: ReadingLoop;
  private isStarted = false;

  constructor(
    private readonly store: StageStore,
    private readonly logger: Logger,
  ) {
    this.idleWatch = new IdleWatch(logger);
    this.loop = new ReadingLoop({
      read: () => this.readOnce(),
      watch: (onChange) => store.watch(onChange),
      pollMs: store.pollMs,
      isKnown: () => this.isKnown,
      isNeeded: () => this.isNeeded,
    });
  }

  /** Whether the overrides were read at least once. */
  get isKnown(): boolean {
    return this.overrides !== undefined;
  }

  /** Whom the table in effect is handed to. */
  connect(serve: (table: RouteTable) => void): void {
    this.serve = serve;
  }

  /** Takes a route table into use; the overrides hold on. @throws what the pipeline throws, with the table before still in use */
  useTable(table: RouteTable): void {
    this.serve(this.inEffect(table, this.overrides));
    this.table = table;
    this.idleWatch.see(this.idle());
    if (this.isStarted && this.isNeeded) this.loop.begin();
  }

  /** Reads the overrides before the first request, as far as the store's patience goes; goes on trying if that fails. */
  async start(): Promise<void> {
    this.isStarted = true;
    if (!this.isNeeded) return;
    const remembered = this.store.remembered();
    if (remembered !== undefined) this.use(remembered);
    else await this.loop.refresh().catch(() => undefined);
    this.loop.begin();
  }

  async stop(): Promise<void> {
    this.loop.stop();
    await this.store.close();
  }

  all(): readonly StagedRoute[] {
    return this.table.routes.map((route) => this.staged(route));
  }

  /** Overrides without effect. */
  idle(): readonly StageOverride[] {
    return findIdle(this.table, this.overrides?.values() ?? []);
  }

  find(name: string): StagedRoute | undefined {
    const route = this.table.routes.find((known) => known.name === name);
    return route && this.staged(route);
  }

  /** Overrides a route's stage; in effect here when the promise resolves, elsewhere within a second. @throws StagesUnavailableError */
  async set(name: string, to: Staging, reason: StageReason): Promise<StageOutcome> {
    const staged = this.find(name);
    if (staged === undefined) return { kind: 'unknown-route' };
    const why = whyNotStage(to.stage, staged.route);
    if (why !== undefined) return { kind: 'impossible', why };
    return this.save(staged, to, reason);
  }

  /** Takes an override back: the route table's stage holds again. @throws StagesUnavailableError */
  async clear(name: string, reason: StageReason): Promise<StageOutcome> {
    const staged = this.find(name);
    return staged === undefined ? { kind: 'unknown-route' } : this.save(staged, undefined, reason);
  }

  /** The last changes of a route, latest first. @throws StagesUnavailableError */
  history(name: string): Promise<readonly StageChange[]> {
    return this.asking(() => this.store.history(name, HISTORY_LIMIT));
  }

  /**
   * Takes a decision of the gateway into effect, unless somebody changed the stage since `decision.on` was looked at.
   * @returns whether it was this call that changed it
   * @throws StagesUnavailableError
   */
  async decide(decision: StageDecision): Promise<boolean> {
    const { route } = decision.on;
    const { on, to, by, reason, evidence } = decision;
    const inTable = { stage: route.stage, weight: route.weight };
    const expected = { at: on.override?.at };
    const request = { route: route.name, to, inTable, by, reason, evidence, expected };
    const isCounted = this.unsaved.has(route.name);
    const isDone = await this.asking(() => this.store.save(request));
    if (isDone && !isCounted) this.changes.add(route.name, to.stage, 'gateway');
    await this.asking(() => this.loop.refresh());
    if (isDone)
      this.logger.warn({ route: route.name, by, stage: to.stage, weight: to.weight, reason }, 'stage changed');
    return isDone;
  }

  /**
   * The same at once, in this process, though the database be gone: what clients suffer by is not waited for. It is saved as soon as
   * that can be (`saveUnsaved`); until then the other instances do not know of it.
   */
  decideNow(decision: StageDecision): void {
    const { route } = decision.on;
    if (this.overrides === undefined || this.unsaved.has(route.name)) return;
    this.unsaved.add(decision);
    this.changes.add(route.name, decision.to.stage, 'gateway');
    this.logger.warn({ route: route.name, stage: decision.to.stage, reason: decision.reason }, 'stage changed here');
    this.use(this.saved);
  }

  /** Saves what was decided at once. @returns what is in effect everywhere now by this instance's decision */
  async saveUnsaved(): Promise<readonly StageDecision[]> {
    const saved: StageDecision[] = [];
    for (const decision of this.unsaved.all()) {
      if (await this.decide(decision).catch(() => undefined)) saved.push(decision);
    }
    return saved;
  }

  private async save({ route }: StagedRoute, to: Staging | undefined, reason: StageReason): Promise<StageOutcome> {
    const { name, stage, weight } = route;
    const request = { route: name, to, inTable: { stage, weight }, ...reason };
    if (!(await this.asking(() => this.store.save(request)))) return { kind: 'no-override' };
    await this.asking(() => this.loop.refresh());
    const staged = this.find(name);
    if (staged === undefined) return { kind: 'unknown-route' };
    this.changes.add(name, staged.effective.stage, 'administrator');
    this.logger.warn(
      { route: name, by: reason.by, stage: staged.effective.stage, weight: staged.effective.weight },
      'stage changed',
    );
    return { kind: 'done', staged };
  }

  /** @throws StagesUnavailableError */
  private async asking<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await withDeadline(work(), this.store.patienceMs);
    } catch (error) {
      this.logger.error({ fault: error instanceof Error ? error.name : typeof error }, 'stages: the database failed');
      throw new StagesUnavailableError(error instanceof DatabaseUnavailableError ? error.message : undefined);
    }
  }

  private staged(route: Route): StagedRoute {
    return {
      route,
      override: this.overrides?.get(route.name),
      effective: effectiveOf(route, this.overrides),
    };
  }

  /** Whether any route could have another stage than the one that the table says. */
  private get isNeeded(): boolean {
    return this.table.routes.some(isStageable);
  }

  private async readOnce(): Promise<void> {
    try {
      const overrides = await withDeadline(this.store.read(), this.store.patienceMs);
      if (this.loop.isStopped) return;
      if (this.isFailing) this.logger.info('stage overrides can be read again');
      this.isFailing = false;
      this.use(overrides);
    } catch (error) {
      if (!this.isFailing && !this.loop.isStopped)
        this.logger.error(
          { routes: this.table.routes.filter(isStageable).map(({ name }) => name) },
          this.isKnown
            ? 'stage overrides cannot be read: the last ones known stay in effect'
            : 'stage overrides cannot be read: whether a route was rolled back is not known, so PHP answers all of these',
        );
      this.isFailing = true;
      throw error;
    }
  }

  private use(overrides: readonly StageOverride[]): void {
    this.saved = overrides;
    const next = this.unsaved.over(new Map(overrides.map((override) => [override.route, override])));
    if (isDeepStrictEqual(next, this.overrides)) return;
    this.serve(this.inEffect(this.table, next));
    if (next.size > 0 || this.isKnown)
      this.logger.info(
        { overrides: [...next.values()].map(({ route, stage, weight }) => `${route}: ${stage} ${weight}`) },
        'stage overrides in effect',
      );
    this.overrides = next;
    this.idleWatch.see(this.idle());
  }

  private inEffect(table: RouteTable, overrides: Overrides | undefined): RouteTable {
    return {
      ...table,
      routes: table.routes.map((route) => {
        const at = isStageable(route) ? overrides?.get(route.name)?.at : undefined;
        return { ...route, ...effectiveOf(route, overrides), ...(at === undefined ? {} : { stagedAt: at }) };
      }),
    };
  }
}

function effectiveOf(route: Route, overrides: Overrides | undefined): Staging {
  const { stage, weight } = route;
  // With one arm alone there is nothing to choose.
  if (!isStageable(route)) return { stage, weight };
  if (overrides === undefined) return { stage: 'proxy', weight: 0 };
  const override = overrides.get(route.name);
  return override === undefined ? { stage, weight } : { stage: override.stage, weight: override.weight };
}
