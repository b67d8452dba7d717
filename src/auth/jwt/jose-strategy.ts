import { jwtVerify } from 'jose';
import { callbackify } from 'node:util';
import { Strategy } from 'passport-jwt';
import type { GatewayConfig } from '../../config/index.js';
import { LEEWAY_S, readAccessClaims, type TokenIdentity } from './access-claims.js';
import type { CompactToken } from './compact-token.js';
import type { VerificationKey } from './verification-key.js';

/** Whom a token proves, and by which key: the proof lasts no longer than the key is trusted. */
export interface Proof {
  readonly identity: TokenIdentity;
  readonly key: VerificationKey;
}

/** Finds the keys that may have signed a token, each with the algorithms that it is for; empty when there are none. */
export type KeyFinder = (token: CompactToken) => Promise<readonly VerificationKey[]>;

/** What `passport-jwt` is handed as its request. */
interface TokenCarrier {
  readonly token: string;
  readonly read: CompactToken;
}

interface Verified {
  readonly claims: Readonly<Record<string, unknown>>;
  readonly key: VerificationKey;
}

type Expected = Pick<GatewayConfig['jwt'], 'issuer' | 'audience'>;
type Done<T> = (error: unknown, result?: T) => void;

// passport-jwt verifies with jsonwebtoken, which knows no EdDSA; it asks whatever stands here. So there is one place
// where signatures are checked, for every algorithm (docs/decisions/0007).
(Strategy as unknown as { JwtVerifier: unknown }).JwtVerifier = callbackify(verifyWithJose);

/** `passport-jwt` with jose as its verifier. */
export class JoseStrategy {
  private readonly strategy: Strategy;

  constructor({ issuer, audience }: Expected, findKeys: KeyFinder) {
    const find = callbackify(findKeys);
    this.strategy = new Strategy(
      {
        jwtFromRequest: (req: unknown) => (req as TokenCarrier).token,
        secretOrKeyProvider: (
          { read }: TokenCarrier,
          _token: unknown,
          done: (error: unknown, key?: string) => void,
        ) => {
          // The type is jsonwebtoken's; what is handed over comes out at our own verifier.
          find(read, (error, keys) => done(error, keys as unknown as string));
        },
        ...(issuer === undefined ? {} : { issuer }),
        ...(audience === undefined ? {} : { audience }),
      },
      ({ claims, key }: Verified, done: Done<unknown>) => {
        const identity = readAccessClaims(claims);
        done(null, identity === undefined ? false : ({ identity, key } satisfies Proof));
      },
    );
  }

  /** The proof, or undefined when the token does not hold. @throws what the key finder throws */
  authenticate(token: string, read: CompactToken): Promise<Proof | undefined> {
    return new Promise((resolve, reject) => {
      // Passport gives each request its own copy of the strategy with these three answers on it.
      const run = Object.create(this.strategy) as Strategy;
      run.success = (proof: unknown) => resolve(proof as Proof);
      run.fail = (reason: unknown) =>
        reason === undefined || reason instanceof Refused ? resolve(undefined) : reject(reason);
      run.error = reject;
      const carrier: TokenCarrier = { token, read };
      run.authenticate(carrier as unknown as Parameters<Strategy['authenticate']>[0]);
    });
  }
}

/** No key verifies the token, or its issuer, audience or times are wrong. */
class Refused extends Error {}

async function verifyWithJose(token: string, keys: readonly VerificationKey[], expected: Expected): Promise<Verified> {
  const { issuer, audience } = expected;
  const options = {
    clockTolerance: LEEWAY_S,
    requiredClaims: ['sub', 'exp'],
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
  };
  for (const key of keys) {
    try {
      const { payload } = await jwtVerify(token, key.key, { ...options, algorithms: [...key.algorithms] });
      return { claims: payload, key };
    } catch {
      // Why it does not hold is nobody's business; another key may fit.
    }
  }
  throw new Refused();
}
