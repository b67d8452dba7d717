import { createHmac } from 'node:crypto';
import { readCookie } from '../../auth/index.js';
import { networkOf } from '../../edge/index.js';
import type { Exchange } from '../../trace/index.js';

const RANGE = 2 ** 32;

/**
 * The place of callers among a hundred, from 0 to just below 100: the same for one caller in every instance and after every
 * restart. A weight takes those below it, so that a new one moves only the difference. The route's name is in the hash: not
 * the same people are the first to try every route. `secret` is the same in all instances; nobody without it can tell who
 * is chosen.
 */
export function canaryBuckets(secret: string, route: string): (who: string) => number {
  return (who) =>
    (createHmac('sha256', secret).update(`canary\0${route}\0${who}`).digest().readUInt32BE(0) / RANGE) * 100;
}

/** Whom one world is kept for: the subject; without one the PHP session, else the address, as trusted proxies tell it. */
export function callerOf({ identity, req, client }: Exchange, sessionCookie: string | undefined): string {
  if (identity !== undefined) return `subject\0${identity.subject}`;
  const session = sessionCookie === undefined ? undefined : readCookie(req.headers.cookie, sessionCookie);
  return session === undefined ? `address\0${networkOf(client.address)}` : `session\0${session}`;
}
