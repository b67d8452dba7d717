const MOST_TOLD = 20;

/** What became of every request. A request that is lost, crossed or damaged fails the soak. */
export class Ledger {
  /** Requests by kind, with the time that they took together and the longest, in ms. */
  sent = {};
  total = 0;
  /** Answers that were refusals while the upstream was away. */
  refused = 0;
  failed = 0;
  failures = [];

  /** A request of this kind has ended. */
  note(kind, ms) {
    const seen = (this.sent[kind] ??= { count: 0, ms: 0, max: 0 });
    seen.count += 1;
    seen.ms += ms;
    seen.max = Math.max(seen.max, ms);
    this.total += 1;
  }

  fail(kind, nonce, what) {
    this.failed += 1;
    if (this.failures.length < MOST_TOLD) this.failures.push(`${kind} ${nonce}: ${what}`);
  }
}
