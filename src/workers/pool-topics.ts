import { topic } from './topic.js';

/** Why a worker cannot serve: for people, with the exit code that the whole gateway ends with. */
export interface StartFailure {
  readonly message: string;
  readonly exitCode: number;
}

/** What a worker begins with. `parts`: whatever the primary has started for all. */
export interface WorkerStart {
  readonly number: number;
  readonly count: number;
  readonly parts: unknown;
  /** The route table that serves elsewhere already. */
  readonly lastGoodTable: string | null;
}

/** What primary and worker say to each other of the worker itself. */
export const POOL = {
  begin: topic<null, WorkerStart>('pool.begin'),
  /** With what is to be told of the gateway. */
  ready: topic<unknown>('pool.ready'),
  failed: topic<StartFailure>('pool.failed'),
  /** A route table is in use. */
  table: topic<string>('pool.table'),
  drain: topic<{ readonly graceMs: number }>('pool.drain'),
  reload: topic<null>('pool.reload'),
};
