import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { Strategy } from 'passport-jwt';
import type { GatewayConfig } from '../config/index.js';
import type { Identity } from './identity.js';

const MAX_TOKEN_CHARACTERS = 4096;
const MAX_CACHED = 10_000;

interface Verdict {
  readonly identity: Identity;
  /** Unix seconds. */
  readonly expiresAt: number;
}

/** What `passport-jwt` is handed as its request: the token alone. */
interface TokenCarrier {
  readonly token: string;
}

/**
 * Verifies access tokens with `passport-jwt` (HS256 pinned) and remembers its good verdicts by the token's hash until `exp`,
 * so that a caller's second request costs a hash and a look-up.
 */
export class JwtVerifier {
  private readonly verdicts = new LRUCache<string, Verdict>({ max: MAX_CACHED });
  private readonly strategy: Strategy | undefined;

  constructor({ secret, issuer, audience }: GatewayConfig['jwt']) {
    this.strategy =
      secret === undefined
        ? undefined
        : new Strategy(
            {
              jwtFromRequest: (req: unknown) => (req as TokenCarrier).token,
              secretOrKey: secret,
              algorithms: ['HS256'],
              ...(issuer === undefined ? {} : { issuer }),
              ...(audience === undefined ? {} : { audience }),
            },
            (claims: unknown, done: (error: unknown, verdict: unknown) => void) =>
              done(null, readClaims(claims) ?? false),
          );
  }

  /** The caller, or undefined when the token does not hold. Never throws. */
  async verify(token: string): Promise<Identity | undefined> {
    if (this.strategy === undefined || token.length > MAX_TOKEN_CHARACTERS) return undefined;
    const key = hash('sha256', token, 'base64url');
    const known = this.verdicts.get(key);
    if (known !== undefined) {
      if (known.expiresAt > Date.now() / 1000) return known.identity;
      this.verdicts.delete(key);
      return undefined;
    }
    const verdict = await this.ask(this.strategy, token);
    if (verdict === undefined) return undefined;
    this.verdicts.set(key, verdict);
    return verdict.identity;
  }

  private ask(strategy: Strategy, token: string): Promise<Verdict | undefined> {
    return new Promise((resolve) => {
      // Passport gives each request its own copy of the strategy with these three answers on it.
      const run = Object.create(strategy) as Strategy;
      run.success = (verdict: unknown) => resolve(verdict as Verdict);
      run.fail = () => resolve(undefined);
      run.error = () => resolve(undefined);
      const carrier: TokenCarrier = { token };
      run.authenticate(carrier as unknown as Parameters<Strategy['authenticate']>[0]);
    });
  }
}

/** Contract section 4: `sub` and `exp` required; `roles` an array of strings, `role` accepted as a single one. */
function readClaims(claims: unknown): Verdict | undefined {
  if (typeof claims !== 'object' || claims === null) return undefined;
  const { sub, exp, roles, role, email, name } = claims as Record<string, unknown>;
  if (typeof sub !== 'string' || sub === '' || sub.length > 255 || typeof exp !== 'number') return undefined;
  const listed = roles ?? (role === undefined ? [] : [role]);
  if (!Array.isArray(listed) || !listed.every((item): item is string => typeof item === 'string')) return undefined;
  return {
    identity: {
      subject: sub,
      roles: listed,
      via: 'jwt',
      ...(typeof email === 'string' ? { email } : {}),
      ...(typeof name === 'string' ? { name } : {}),
    },
    expiresAt: exp,
  };
}
