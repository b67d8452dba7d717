import { randomBytes } from 'node:crypto';
import { IDENTITY_HEADER, signIdentity } from '../../../auth/index.js';
import { type CheckResult, fault, ok } from '../check.js';
import { describeError } from '../describe-error.js';
import { httpGet, type HttpAnswer, member } from './http-get.js';

const SAME_SECRET = "give PHP the gateway's GATEWAY_IDENTITY_SECRET, and let both clocks be right";

/**
 * Asks PHP whose a session is, as the gateway does, then without a signature, then with one of a made-up key: only the first
 * may be answered, since the answer says who somebody is and holds the session's CSRF token.
 */
export async function askForSessions(
  name: string,
  target: string,
  path: string,
  secret: string,
  signal: AbortSignal,
): Promise<CheckResult> {
  const htu = new URL(target).pathname.replace(/\/$/, '') + path;
  const ask = (key: string | undefined): Promise<HttpAnswer> =>
    httpGet(
      target + path,
      {
        accept: 'application/json',
        ...(key === undefined ? {} : { [IDENTITY_HEADER]: signIdentity(key, 'internal', 'GET', htu) }),
      },
      signal,
    );
  let answers;
  try {
    answers = await Promise.all([ask(secret), ask(undefined), ask(randomBytes(48).toString('base64url'))]);
  } catch (error) {
    return fault(name, `GET ${path}: ${describeError(error)}`, "look into PHP's error log");
  }
  const [signed, unsigned, forged] = answers;
  for (const [answer, who] of [[unsigned, 'anybody'] as const, [forged, 'whoever signs with any key'] as const]) {
    if (answer.status < 400) {
      return fault(
        name,
        `PHP answers session questions to ${who} (GET ${path} without the gateway's signature: ${answer.status})`,
        'let the script answer only calls whose signature holds, as legacy-php/lib does, with GATEWAY_IDENTITY_SECRET set there',
      );
    }
  }
  if (signed.status === 401 || signed.status === 403)
    return fault(name, `PHP refuses the gateway's signed call (${signed.status})`, SAME_SECRET);
  if (signed.status !== 200 || typeof member(member(signed.json, 'data'), 'authenticated') !== 'boolean') {
    return fault(
      name,
      `GET ${path} answers ${signed.status} and no {data: {authenticated}}`,
      'deploy the session script there, or take `session` out of the upstream in the route table',
    );
  }
  return ok(name, 'PHP answers session questions to the gateway alone');
}
