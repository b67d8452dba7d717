import { isDeepStrictEqual } from 'node:util';
import { DatabaseUnavailableError } from '../../database/index.js';
import { type AcceptedDifference, isStageable, type RouteTable } from '../../routing/index.js';
import type { Logger } from '../../trace/index.js';
import { withDeadline } from '../stages/deadline.js';
import { ReadingLoop } from '../stages/reading-loop.js';
import { StagesUnavailableError } from '../stages/stages-unavailable.error.js';
import type { IgnoreChange, IgnoreRequest, IgnoreResult, IgnoreStore, RuntimeIgnore } from './ignore-store.js';

const HISTORY_LIMIT = 100;

/**
 * Which differences are accepted besides those of the route table. Each change makes a new table, in which a route's rules are all of
 * them: that begins its evidence anew, as a change of the file does.
 *
 * While it is not known which there are, there are none: a difference counts unless somebody is known to have accepted it.
 */
export class IgnoreBoard {
  private table: RouteTable = { upstreams: new Map(), routes: [] };
  private rules: readonly RuntimeIgnore[] | undefined;
  private serve: (table: RouteTable) => void = () => undefined;
  private readonly loop: ReadingLoop;
  private isStarted = false;
  private isFailing = false;

  constructor(
    private readonly store: IgnoreStore,
    private readonly logger: Logger,
  ) {
    this.loop = new ReadingLoop({
      read: () => this.readOnce(),
      watch: async (onChange) => store.watch(onChange),
      pollMs: store.pollMs,
      isKnown: () => this.isKnown,
      isNeeded: () => this.isNeeded,
    });
  }

  /** Whether they were read at least once. */
  get isKnown(): boolean {
    return this.rules !== undefined;
  }

  /** Whom the table with all rules is handed to. */
  connect(serve: (table: RouteTable) => void): void {
    this.serve = serve;
  }

  /** Takes a route table into use. @throws what the next one throws, with the table before still in use */
  useTable(table: RouteTable): void {
    this.serve(withRules(table, this.rules ?? []));
    this.table = table;
    if (this.isStarted && this.isNeeded) this.loop.begin();
  }

  /** Reads them, as far as the store's patience goes and without starting a database; goes on trying. */
  async start(): Promise<void> {
    this.isStarted = true;
    if (!this.isNeeded) return;
    const remembered = this.store.remembered();
    if (remembered !== undefined) this.use(remembered);
    else await this.loop.refresh().catch(() => undefined);
    this.loop.begin();
  }

  stop(): void {
    this.loop.stop();
    this.store.close();
  }

  /** Adds a rule, or takes it back; in effect here when the promise resolves, elsewhere within a second. @throws StagesUnavailableError */
  async save(request: IgnoreRequest): Promise<IgnoreResult> {
    const result = await this.asking(() => this.store.save(request));
    if (result !== 'done') return result;
    await this.asking(() => this.loop.refresh());
    const { route, by, until } = request;
    this.logger.warn({ route, by, isAccepted: until !== undefined }, 'what counts as a difference was changed');
    return result;
  }

  /** The last changes of a route, latest first. @throws StagesUnavailableError */
  history(route: string): Promise<readonly IgnoreChange[]> {
    return this.asking(() => this.store.history(route, HISTORY_LIMIT));
  }

  private get isNeeded(): boolean {
    return this.table.routes.some(isStageable);
  }

  private async asking<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await withDeadline(work(), this.store.patienceMs);
    } catch (error) {
      this.logger.error({ fault: error instanceof Error ? error.name : typeof error }, 'ignores: the database failed');
      throw new StagesUnavailableError(error instanceof DatabaseUnavailableError ? error.message : undefined);
    }
  }

  private async readOnce(): Promise<void> {
    try {
      const rules = await withDeadline(this.store.read(), this.store.patienceMs);
      if (this.loop.isStopped || rules === undefined) return;
      if (this.isFailing) this.logger.info('ignore rules can be read again');
      this.isFailing = false;
      this.use(rules);
    } catch (error) {
      if (!this.isFailing && !this.loop.isStopped)
        this.logger.error(
          this.isKnown
            ? 'ignore rules set at run time cannot be read: the last ones known stay in effect'
            : 'ignore rules set at run time cannot be read: without them, their differences count',
        );
      this.isFailing = true;
      throw error;
    }
  }

  private use(rules: readonly RuntimeIgnore[]): void {
    if (isDeepStrictEqual(rules, this.rules)) return;
    const isSame = rules.length === 0 && this.rules === undefined;
    if (!isSame) this.serve(withRules(this.table, rules));
    this.rules = rules;
  }
}

function withRules(table: RouteTable, rules: readonly RuntimeIgnore[]): RouteTable {
  if (rules.length === 0) return table;
  return {
    ...table,
    routes: table.routes.map((route) => {
      const added = isStageable(route) ? rules.filter((rule) => rule.route === route.name) : [];
      if (added.length === 0) return route;
      const ignore = [...route.experiment.ignore, ...added.map(asRule)];
      return { ...route, experiment: { ...route.experiment, ignore } };
    }),
  };
}

function asRule({ pointer, reason, until, by, at }: RuntimeIgnore): AcceptedDifference {
  return { pointer, reason, expiresAt: Date.parse(until), by, at };
}
