import type { Database } from '../database/index.js';
import type { Logger } from '../trace/index.js';
import type { LegacyWriters } from './legacy-writers.js';
import type { PhpDocuments } from './php-documents.js';

/** Times of the replication, in milliseconds, and its bounds. */
export interface ReplicationBounds {
  /** After PHP's last route is `replaced`, PHP is asked as before: for its requests under way, and for instances that have not heard of it. */
  readonly graceMs: number;
  /** A request waits for PHP's answer, to a question and to a change. */
  readonly askMs: number;
  readonly tellMs: number;
  /** The relay's patience with one call. */
  readonly relayMs: number;
  /** Between rounds of the relay while PHP is away, at least and at most; an owner that PHP refuses rests as long. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** Between rounds that look for what another instance left. */
  readonly pollMs: number;
  /** An embedded database that nobody has used is left alone for so long, before it is started to look for what a killed process left. */
  readonly firstLookMs: number;
  /** Changes of one owner that may wait for PHP. */
  readonly maxPending: number;
}

export const REPLICATION_BOUNDS: ReplicationBounds = {
  graceMs: 120_000,
  askMs: 2000,
  tellMs: 2000,
  relayMs: 10_000,
  backoffMs: 250,
  maxBackoffMs: 5000,
  pollMs: 5000,
  firstLookMs: 10_000,
  maxPending: 1000,
};

/** What the replication is made of. */
export interface ReplicationParts {
  readonly database: Database;
  readonly documents: PhpDocuments;
  readonly writers: LegacyWriters;
  readonly logger: Logger;
  readonly bounds: ReplicationBounds;
}
