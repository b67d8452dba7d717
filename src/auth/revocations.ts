import type { GatewayConfig } from '../config/index.js';
import type { ReplicatedMap, SharedState } from '../state/index.js';
import { MAX_TOKEN_LIFE_S, type TokenFacts } from './identity.js';

/** Seconds beyond a life for what was being issued when the revocation came. */
const MARGIN_S = 60;

/** What a token says of itself, as far as it can be revoked by it. */
export interface RevocableClaims extends Pick<TokenFacts, 'id' | 'sessionId' | 'issuedAt'> {
  readonly subject: string;
}

/**
 * Access tokens that no longer hold although they verify: by `jti`, by session (`sid`, all tokens of one sign-in), or by
 * subject (all of a person's). Known by heart in every instance, so that asking costs a look-up in memory; what is
 * revoked elsewhere arrives within a second. A revocation is forgotten when the last token it could mean has expired.
 */
export class Revocations {
  private readonly revoked: ReplicatedMap;

  constructor(
    state: SharedState,
    private readonly settings: Pick<GatewayConfig['jwt'], 'accessTokenTtlS'>,
  ) {
    this.revoked = state.replicatedMap('revoked');
  }

  /**
   * Revokes one token. `untilS`: the token's `exp`, Unix seconds.
   * @throws StateUnavailableError: it holds in this instance only
   */
  async revokeToken(jti: string, untilS: number): Promise<void> {
    await this.set(`jti:${jti}`, untilS - nowS());
  }

  /**
   * Revokes every access token of a session. Its refresh token is ended by who keeps it.
   * `untilS`: when the last of its access tokens expires, Unix seconds; as long as one that was issued just now when left out.
   * @throws StateUnavailableError: it holds in this instance only
   */
  async revokeSession(sid: string, untilS = nowS() + this.settings.accessTokenTtlS + MARGIN_S): Promise<void> {
    await this.set(`sid:${sid}`, untilS - nowS());
  }

  /**
   * Revokes every token of a subject whose `iat` is not after this moment (whole seconds, so one issued later in the same
   * second is revoked too), and every one without `iat`, which cannot be told from an older one.
   * @throws StateUnavailableError: it holds in this instance only
   */
  async revokeSubject(sub: string): Promise<void> {
    await this.set(`sub:${sub}`, MAX_TOKEN_LIFE_S + MARGIN_S);
  }

  /** Whether a token that verifies has been revoked since. Never throws, never waits. */
  isRevoked({ id, sessionId, issuedAt, subject }: RevocableClaims): boolean {
    if (id !== undefined && this.revoked.get(`jti:${id}`) !== undefined) return true;
    if (sessionId !== undefined && this.revoked.get(`sid:${sessionId}`) !== undefined) return true;
    const since = this.revoked.get(`sub:${subject}`);
    return since !== undefined && (issuedAt === undefined || Math.floor(issuedAt) <= Number(since));
  }

  private async set(key: string, lifeS: number): Promise<void> {
    // An expired token is refused without our help.
    if (lifeS <= 0) return;
    await this.revoked.set(key, String(Math.floor(nowS())), Math.ceil(lifeS * 1000));
  }
}

function nowS(): number {
  return Date.now() / 1000;
}
