import { GatewayError } from '../../contract/index.js';
import type { Logger } from '../../trace/index.js';
import { downloadJwks, type Jwks, JwksDownloadError } from './jwks-download.js';
import { readJwk, type VerificationKey } from './verification-key.js';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Milliseconds. */
export const JWKS_TIMES = {
  /** For one fetch with its redirects, and so the longest that a request waits for keys. */
  fetchTimeout: 5 * SECOND_MS,
  /** Until keys are fetched again; `Cache-Control` may say otherwise within the bounds. */
  refresh: 10 * MINUTE_MS,
  refreshMin: MINUTE_MS,
  refreshMax: HOUR_MS,
  /** Between fetches for the sake of a key id that nobody knows. */
  unknownKid: MINUTE_MS,
  /** After a failure, with keys and without. */
  retry: MINUTE_MS,
  retryWithoutKeys: 10 * SECOND_MS,
  /** Age beyond which keys that nobody asked for meanwhile are not used before they have been fetched again. */
  idle: 2 * HOUR_MS,
  /** Age up to which keys are used while their server gives no new ones. */
  outage: 24 * HOUR_MS,
} as const;

/** Keys that one token is tried with at most: several may share a kid, or have none. */
const MAX_CANDIDATES = 4;

/**
 * The keys at `JWT_JWKS_URL`: fetched in the background and kept, so that a request waits for them only when there are
 * none. While the key server is out of order the last keys hold, for a day.
 */
export class JwksKeys {
  private keys: readonly VerificationKey[] = [];
  private current: ReadonlySet<VerificationKey> = new Set();
  private fetchedAt = Number.NEGATIVE_INFINITY;
  private dueAt = Number.NEGATIVE_INFINITY;
  private kidFetchAt = Number.NEGATIVE_INFINITY;
  private fetching: Promise<void> | undefined;
  private isFailing = false;
  private isOver = false;
  private ignored = '';
  private readonly closing = new AbortController();

  /** `now`: milliseconds of a clock that never goes back. */
  constructor(
    private readonly url: string,
    private readonly logger: Logger,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /**
   * The keys that may have signed a token, usually one. An id that is not known makes a fetch, at most once a minute over all tokens.
   * @throws GatewayError 503 when there are no keys, or only ones from before a day: nobody can say whether the token holds
   */
  async find(alg: string, kid: string | undefined): Promise<readonly VerificationKey[]> {
    await this.makeUsable();
    let found = this.match(alg, kid);
    if (found.length > 0) return found;
    if (this.fetching !== undefined) {
      await this.fetching;
      found = this.match(alg, kid);
    }
    if (found.length > 0 || this.now() - this.kidFetchAt < JWKS_TIMES.unknownKid) return found;
    this.kidFetchAt = this.now();
    await this.fetch();
    return this.match(alg, kid);
  }

  /** Whether what a key has verified still holds: it is published, as far as is known. Starts a fetch that is due, without waiting. */
  isCurrent(key: VerificationKey): boolean {
    if (!this.isUsable()) return false;
    this.fetchIfDue();
    return this.current.has(key);
  }

  /** Fetches keys that are due; never waits, never throws. */
  fetchIfDue(): void {
    if (this.now() >= this.dueAt) void this.fetch();
  }

  /** Ends a fetch that is under way. */
  close(): void {
    this.closing.abort();
  }

  private match(alg: string, kid: string | undefined): readonly VerificationKey[] {
    return this.keys
      .filter((key) => key.algorithms.includes(alg) && (kid === undefined || key.kid === kid))
      .slice(0, MAX_CANDIDATES);
  }

  private isUsable(): boolean {
    return this.now() - this.fetchedAt < (this.isFailing ? JWKS_TIMES.outage : JWKS_TIMES.idle);
  }

  private async makeUsable(): Promise<void> {
    this.fetchIfDue();
    if (this.isUsable()) return;
    // A failure while we wait may make them usable too: idle keys then hold as in any outage.
    if (this.fetching !== undefined) await this.fetching;
    if (this.isUsable()) return;
    if (!this.isOver && this.keys.length > 0) {
      this.isOver = true;
      this.logger.error('the keys of JWT_JWKS_URL are older than a day: tokens that need them are answered 503');
    }
    const seconds = Math.max(1, Math.ceil((this.dueAt - this.now()) / SECOND_MS));
    throw new GatewayError('UPSTREAM_UNAVAILABLE', {
      error: 'Access tokens cannot be verified at the moment. Try again later.',
      headers: { 'Retry-After': String(seconds) },
    });
  }

  /** One fetch at a time, whoever asks. Never rejects. */
  private fetch(): Promise<void> {
    this.fetching ??= this.download().finally(() => {
      this.fetching = undefined;
    });
    return this.fetching;
  }

  private async download(): Promise<void> {
    try {
      const signal = AbortSignal.any([this.closing.signal, AbortSignal.timeout(JWKS_TIMES.fetchTimeout)]);
      const jwks = await downloadJwks(this.url, signal);
      this.take(await this.read(jwks), jwks.maxAgeS);
    } catch (error) {
      this.noteFailure(error instanceof JwksDownloadError ? error.message : 'an unknown fault');
    }
  }

  /** Keys that did not change stay the same objects, so that what they have verified still counts. */
  private async read({ keys }: Jwks): Promise<readonly VerificationKey[]> {
    const known = new Map(this.keys.map((key) => [key.id, key]));
    const read = new Map<string, VerificationKey>();
    const ignored = new Set<string>();
    for (const jwk of keys) {
      try {
        const key = await readJwk(jwk);
        read.set(key.id, known.get(key.id) ?? key);
      } catch (error) {
        ignored.add((error as Error).message);
      }
    }
    this.noteIgnored([...ignored].join('; '));
    if (read.size === 0) throw new JwksDownloadError('no key that can be used');
    return [...read.values()];
  }

  private take(keys: readonly VerificationKey[], maxAgeS: number | undefined): void {
    const { refresh, refreshMin, refreshMax } = JWKS_TIMES;
    const wanted = maxAgeS === undefined ? refresh : maxAgeS * SECOND_MS;
    this.keys = keys;
    this.current = new Set(keys);
    this.fetchedAt = this.now();
    this.dueAt = this.fetchedAt + Math.min(Math.max(wanted, refreshMin), refreshMax);
    if (this.isFailing) this.logger.info({ keys: keys.length }, 'the keys of JWT_JWKS_URL can be fetched again');
    this.isFailing = false;
    this.isOver = false;
  }

  private noteFailure(fault: string): void {
    const hasKeys = this.keys.length > 0;
    this.dueAt = this.now() + (hasKeys ? JWKS_TIMES.retry : JWKS_TIMES.retryWithoutKeys);
    // Once, not for each request or attempt.
    if (!this.isFailing && !this.closing.signal.aborted) {
      const consequence = hasKeys ? 'the known ones hold for a day' : 'tokens that need them are answered 503';
      this.logger.warn({ fault }, `the keys of JWT_JWKS_URL cannot be fetched: ${consequence}`);
    }
    this.isFailing = true;
  }

  private noteIgnored(ignored: string): void {
    if (ignored !== '' && ignored !== this.ignored) {
      this.logger.warn({ ignored }, 'JWT_JWKS_URL publishes keys that are not used');
    }
    this.ignored = ignored;
  }
}
