import { accessClaims, signToken } from '../../scripts/smoke/token.mjs';

const COUNT = 200;
/** A caller in so many has tokens that run out all the time; the others' last longer, so that what remembers them fills slowly. */
const HASTY_ONE_IN = 20;
const HASTY_LIFE_S = 8;
const LIFE_S = 60;
/** Also a machine that stands still for a while sends it in time. */
const RENEW_BEFORE_MS = 5000;

/** The callers: each has a token that is replaced before it runs out, and a PHP session. */
export function makeCallers(secret) {
  const tokens = new Map();
  return {
    subjects: Array.from({ length: COUNT }, (_, i) => `caller-${i}`),
    tokenOf(subject) {
      const known = tokens.get(subject);
      if (known !== undefined && known.until > Date.now()) return known.token;
      const lifeS = Number(subject.split('-')[1]) % HASTY_ONE_IN === 0 ? HASTY_LIFE_S : LIFE_S;
      const token = signToken(secret, accessClaims({}, subject, lifeS));
      tokens.set(subject, { token, until: Date.now() + lifeS * 1000 - RENEW_BEFORE_MS });
      return token;
    },
  };
}
