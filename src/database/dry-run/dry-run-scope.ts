import type { Kysely, KyselyPlugin } from 'kysely';
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Tables } from '../tables/tables.js';
import { DryRunError } from './dry-run.error.js';

/** One dry run: all that its asynchronous context does in the database goes through `kysely`, as long as it is open. */
export class DryRunScope {
  private isOpen = true;

  /** `owner`: whose database it is, by identity. */
  constructor(
    private readonly owner: object,
    private readonly makeKysely: (scope: DryRunScope) => Kysely<Tables>,
  ) {}

  private made: Kysely<Tables> | undefined;

  /** @throws DryRunError once it has ended, and for any other database than its own */
  kyselyFor(owner: object): Kysely<Tables> {
    this.check();
    if (owner !== this.owner)
      throw new DryRunError('refused', 'A dry run of one database may not use another, where it would write for real');
    this.made ??= this.makeKysely(this);
    return this.made;
  }

  /** @throws DryRunError once it has ended */
  check(): void {
    if (!this.isOpen)
      throw new DryRunError('ended', 'The dry run that this work belongs to has ended and was rolled back');
  }

  close(): void {
    this.isOpen = false;
  }
}

const scopes = new AsyncLocalStorage<DryRunScope>();

/** The dry run that the caller is part of, be it open or ended. */
export function currentDryRun(): DryRunScope | undefined {
  return scopes.getStore();
}

export function runInScope<Result>(scope: DryRunScope, work: () => Promise<Result>): Promise<Result> {
  return scopes.run(scope, work);
}

/** Keeps dry runs away from the real database: from a Kysely that was taken before one began, and kept. */
export const REFUSE_DRY_RUNS: KyselyPlugin = {
  transformQuery: ({ node }) => {
    if (scopes.getStore() !== undefined)
      throw new DryRunError('refused', 'Within a dry run take the database by db() or transaction(), each time anew');
    return node;
  },
  transformResult: ({ result }) => Promise.resolve(result),
};
