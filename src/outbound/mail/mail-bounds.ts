/** How long, how often and how many. Milliseconds unless the name says otherwise. */
export interface MailBounds {
  /** Mails that one process hands over at the same time. */
  readonly lanes: number;
  /** For which an attempt holds its mail; longer than any attempt takes. */
  readonly leaseMs: number;
  /** Pause after the first failure; it doubles with each. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  readonly maxAttempts: number;
  /** After which a mail that cannot be handed over is dead. */
  readonly maxAgeMs: number;
  /** Between two looks for what other instances have left. */
  readonly pollMs: number;
  readonly firstLookMs: number;
  /** That a stopping gateway waits for what is being handed over. */
  readonly drainMs: number;
  /** Mails that may wait. */
  readonly maxWaiting: number;
  /** That the note of a mail that was sent is kept at most: so long a key that comes again is known. */
  readonly sentKeptMs: number;
  /** Where there is no retention policy that says so. */
  readonly deadKeptMs: number;
  readonly pruneEveryMs: number;
}

const MINUTE = 60_000;
const DAY = 86_400_000;

export const MAIL_BOUNDS: MailBounds = {
  lanes: 4,
  leaseMs: 3 * MINUTE,
  backoffMs: MINUTE / 2,
  maxBackoffMs: 60 * MINUTE,
  maxAttempts: 60,
  maxAgeMs: 2 * DAY,
  pollMs: MINUTE / 4,
  firstLookMs: 5000,
  drainMs: 5000,
  maxWaiting: 10_000,
  sentKeptMs: 7 * DAY,
  deadKeptMs: 30 * DAY,
  pruneEveryMs: 10 * MINUTE,
};
