import type { Link } from './link.js';

/** What a worker knows of its place among the others. */
export interface WorkerPlace {
  /** To the primary. */
  readonly link: Link;
  /** From 1; that of a worker that has died goes to the one that follows it. */
  readonly number: number;
  /** How many there are to be. */
  readonly count: number;
}
