import { downloadJwks, type Jwks, JwksDownloadError, readJwk } from '../../../auth/index.js';
import { type Check, type CheckResult, fault, ok, warning } from '../check.js';
import { describeError, messageOf } from '../describe-error.js';
import type { DoctorFacts } from '../doctor-facts.js';
import { showUrl } from '../redaction.js';
import { member } from './http-get.js';

/** The identity provider's keys, fetched and read as the gateway does it: one of them at least must be of use. */
export function jwksChecks({ config }: DoctorFacts): readonly Check[] {
  const { jwksUrl } = config.jwt;
  if (jwksUrl === undefined) return [];
  const name = `jwks ${showUrl(jwksUrl)}`;
  return [{ name, run: (signal) => look(name, jwksUrl, signal) }];
}

async function* look(name: string, url: string, signal: AbortSignal): AsyncGenerator<CheckResult> {
  let jwks: Jwks;
  try {
    jwks = await downloadJwks(url, signal);
  } catch (error) {
    const why = error instanceof JwksDownloadError ? error.message : describeError(error);
    yield fault(
      name,
      `gives no key set: ${why}`,
      'correct JWT_JWKS_URL (it must answer {"keys": […]}, RFC 7517), or let this machine reach it',
    );
    return;
  }
  const { keys, maxAgeS } = jwks;
  if (keys.some((key) => member(key, 'kty') === 'oct' || member(key, 'd') !== undefined)) {
    yield fault(
      name,
      'publishes private or symmetric keys: whoever reads them can sign tokens',
      'have these keys revoked and replaced at once; a key set holds public keys alone',
    );
  }
  const problems = await Promise.all(keys.map(problemOf));
  const usable = keys.filter((_, i) => problems[i] === undefined);
  const reasons = [...new Set(problems.filter((problem) => problem !== undefined))].join('; ');
  const found = [
    `${usable.length} of ${keys.length} keys can verify tokens`,
    ...(reasons === '' ? [] : [`not used: ${reasons}`]),
    maxAgeS === undefined ? 'no age told' : `good for ${maxAgeS} s`,
  ].join(', ');
  if (usable.length === 0) yield fault(name, found, 'have the provider sign with RS256, ES256 or EdDSA keys');
  else if (usable.length > 1 && usable.some((key) => member(key, 'kid') === undefined))
    yield warning(name, `${found}; some have no kid`, 'have the provider name its keys, else all of them are tried');
  else yield ok(name, found);
}

/** Why a key is of no use; undefined for one that is. */
async function problemOf(key: unknown): Promise<string | undefined> {
  try {
    await readJwk(key);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
