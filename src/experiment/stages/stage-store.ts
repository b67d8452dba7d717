import type { Staging } from '../../routing/index.js';

/** Injection token of the process's `StageStore`. */
export const STAGE_STORE = Symbol('STAGE_STORE');

/** Who says so, and why. */
export interface StageReason {
  readonly by: string;
  readonly reason: string;
}

/** A stage that holds for a route whatever the route table says. */
export interface StageOverride extends Staging, StageReason {
  readonly route: string;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** One line of the audit. */
export interface StageChange extends StageReason {
  readonly route: string;
  readonly from: Staging;
  readonly to: Staging;
  /** The override was taken back: from then on the route table's stage held, which was `to`. */
  readonly isCleared: boolean;
  readonly at: string;
  /** What the gateway decided by; undefined where a person did. */
  readonly evidence: unknown;
}

/** What is asked for: `to` undefined takes the override back. `inTable` is what the route table says. */
export interface StageRequest extends StageReason {
  readonly route: string;
  readonly to: Staging | undefined;
  readonly inTable: Staging;
  /** What speaks for it, kept with the audit: JSON. */
  readonly evidence?: object;
  /** Saved only where the override is still the one that was set `at` this time; `at` undefined: where there is none. */
  readonly expected?: { readonly at: string | undefined };
}

/** Where overrides and their audit are kept. */
export interface StageStore {
  /** Milliseconds between looks for what other instances changed; undefined where there is no other instance. */
  readonly pollMs: number | undefined;
  /** Milliseconds that an answer may take. */
  readonly patienceMs: number;
  /** What can be had without opening a database; undefined where nothing trustworthy can. */
  remembered(): readonly StageOverride[] | undefined;
  read(): Promise<readonly StageOverride[]>;
  /** Saves an override and its line of the audit, both or none. Without effect, and false, when there is none to take back or it is not the expected one. */
  save(request: StageRequest): Promise<boolean>;
  /** The last changes of a route, latest first. */
  history(route: string, limit: number): Promise<readonly StageChange[]>;
  /** Calls back soon after any instance changed something; `pollMs` is the net below it. */
  watch(onChange: () => void): Promise<void>;
  close(): Promise<void>;
}
