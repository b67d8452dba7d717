/** Rules of one route that were added at run time, the expired ones among them. */
export const MAX_IGNORES = 50;

/** A difference that an administrator accepted while the gateway ran. */
export interface RuntimeIgnore {
  readonly route: string;
  readonly pointer: string;
  readonly reason: string;
  /** `2026-12-31`: the first day on which it counts again. */
  readonly until: string;
  readonly by: string;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** One line of the audit; `until` null: it was taken back. */
export interface IgnoreChange extends Omit<RuntimeIgnore, 'until'> {
  readonly until: string | null;
}

/** What is asked for: `until` undefined takes the rule back. */
export interface IgnoreRequest extends Omit<RuntimeIgnore, 'until' | 'at'> {
  readonly until: string | undefined;
}

/** `full`: the route has as many as it may have; `no-such-rule`: there is none to take back. */
export type IgnoreResult = 'done' | 'full' | 'no-such-rule';

/** Where these rules and their audit are kept. */
export interface IgnoreStore {
  /** Milliseconds between looks for what other instances changed; undefined where there is no other instance. */
  readonly pollMs: number | undefined;
  /** Milliseconds that an answer may take. */
  readonly patienceMs: number;
  /** What can be had without opening a database; undefined where nothing trustworthy can. */
  remembered(): readonly RuntimeIgnore[] | undefined;
  /** By route and pointer; undefined where a database would have to be started to look. */
  read(): Promise<readonly RuntimeIgnore[] | undefined>;
  /** Saves a rule, or its removal, and its line of the audit, both or none. */
  save(request: IgnoreRequest): Promise<IgnoreResult>;
  /** The last changes of a route, latest first. */
  history(route: string, limit: number): Promise<readonly IgnoreChange[]>;
  /** Calls back soon after any instance changed something; `pollMs` is the net below it. */
  watch(onChange: () => void): void;
  close(): void;
}
