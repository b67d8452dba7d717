import type { Link } from './link.js';

/** Something that the primary keeps for all of its workers. */
export interface Desk {
  /** A worker has begun: answers what it asks. `all` are the links of the workers there are at the time of the call, this one among them. */
  serve(link: Link, all: () => readonly Link[]): void;
  /** A worker has ended, however: what it held is free. */
  leave?(link: Link): void;
}
