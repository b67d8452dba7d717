import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { hash } from 'node:crypto';
import type { GatewayConfig } from '../../config/index.js';
import type { Identity } from '../identity.js';
import type { Revocations } from '../revocations.js';
import { isValidNow } from './access-claims.js';
import { type CompactToken, readCompactToken } from './compact-token.js';
import { JoseStrategy, type Proof } from './jose-strategy.js';
import type { JwksKeys } from './jwks-keys.js';
import { ASYMMETRIC_ALGORITHMS, readSecret, type VerificationKey } from './verification-key.js';

const MAX_CACHED = 10_000;

/**
 * Verifies access tokens: HS256 with the secret, everything else with the published keys. Good verdicts are remembered by
 * the token's hash until `exp`, so that a caller's second request costs a hash and a few look-ups; each use asks whether the
 * token was revoked and its key is still published. Bad ones are not remembered: a flood would be of different ones.
 */
export class JwtVerifier implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly proofs = new LRUCache<string, Proof>({ max: MAX_CACHED });
  private readonly verifying = new Map<string, Promise<Proof | undefined>>();
  private readonly strategy: JoseStrategy;
  private secretKey: Promise<readonly VerificationKey[]> | undefined;

  constructor(
    private readonly settings: Pick<GatewayConfig['jwt'], 'secret' | 'issuer' | 'audience'>,
    private readonly revocations: Pick<Revocations, 'isRevoked'>,
    private readonly published: JwksKeys | undefined,
  ) {
    this.strategy = new JoseStrategy(settings, (token) => this.findKeys(token));
  }

  /** Fetches the published keys ahead of the first request; the start does not wait for it. */
  onApplicationBootstrap(): void {
    this.published?.fetchIfDue();
  }

  onModuleDestroy(): void {
    this.published?.close();
  }

  /**
   * The caller, or undefined when the token does not hold; at once where the token is known.
   * @throws GatewayError 503 when that cannot be told: the keys cannot be had
   */
  verify(token: string): Identity | undefined | Promise<Identity | undefined> {
    const proof = this.prove(token);
    return proof instanceof Promise ? proof.then((settled) => this.identityOf(settled)) : this.identityOf(proof);
  }

  private identityOf(proof: Proof | undefined): Identity | undefined {
    if (proof === undefined) return undefined;
    const { identity } = proof;
    return this.revocations.isRevoked({ subject: identity.subject, ...identity.token }) ? undefined : identity;
  }

  private prove(token: string): Proof | undefined | Promise<Proof | undefined> {
    const cacheKey = hash('sha256', token, 'base64url');
    const known = this.proofs.get(cacheKey);
    if (known !== undefined) {
      const isOver = known.identity.token.expiresAt <= Date.now() / 1000;
      if (!isOver && this.isTrusted(known.key)) return known;
      this.proofs.delete(cacheKey);
      if (isOver) return undefined;
    }
    const under = this.verifying.get(cacheKey);
    if (under !== undefined) return under;
    const read = readCompactToken(token);
    if (read === undefined || !isValidNow(read.claims)) return undefined;
    const verification = this.strategy
      .authenticate(token, read)
      .then((proof) => {
        if (proof !== undefined) this.proofs.set(cacheKey, proof);
        return proof;
      })
      .finally(() => this.verifying.delete(cacheKey));
    this.verifying.set(cacheKey, verification);
    return verification;
  }

  /** The secret is for HS256 alone and HS256 for the secret alone: a public key never becomes a secret (RFC 8725, section 2.1). */
  private async findKeys({ alg, kid }: CompactToken): Promise<readonly VerificationKey[]> {
    const { secret } = this.settings;
    if (alg === 'HS256' && secret !== undefined) {
      this.secretKey ??= readSecret(secret).then((key) => [key]);
      return this.secretKey;
    }
    if (this.published === undefined || !ASYMMETRIC_ALGORITHMS.has(alg)) return [];
    return this.published.find(alg, kid);
  }

  private isTrusted(key: VerificationKey): boolean {
    return key.algorithms[0] === 'HS256' || this.published?.isCurrent(key) === true;
  }
}
