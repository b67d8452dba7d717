import type { Exchange } from '../trace/index.js';
import type { HitCount } from './window-counters.js';

/** What the fields tell of a limit. */
export interface ToldLimit {
  readonly name: string;
  readonly limit: number;
  readonly windowS: number;
}

/** Written together, in this order: where the first stands, so do the others. */
export const LIMIT_FIELDS = [
  'RateLimit-Policy',
  'RateLimit',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
] as const;

/**
 * Tells the client where it stands with a limit that was counted: adds it to `RateLimit-Policy` and `RateLimit`
 * (draft-ietf-httpapi-ratelimit-headers-11, structured fields), and lets `X-RateLimit-*` tell of the limit that is nearest
 * to refusing. Times in s. The seconds until the window ends, at least 1.
 */
export function tellLimit(exchange: Exchange, { name, limit, windowS }: ToldLimit, count: HitCount): number {
  const { answerHeaders } = exchange;
  const resetS = wholeSeconds(count.resetMs);
  const remaining = Math.max(0, limit - count.hits);
  const quoted = quote(name);
  const policy = `${quoted};q=${limit};w=${windowS}`;
  const state = `${quoted};r=${remaining};t=${resetS}`;
  const nearest = [String(limit), String(remaining), String(resetS)] as const;
  const at = answerHeaders.indexOf(LIMIT_FIELDS[0]);
  if (at === -1) {
    const [policyField, stateField, limitField, remainingField, resetField] = LIMIT_FIELDS;
    answerHeaders.push(policyField, policy, stateField, state);
    answerHeaders.push(limitField, nearest[0], remainingField, nearest[1], resetField, nearest[2]);
    return resetS;
  }
  answerHeaders[at + 1] += `, ${policy}`;
  answerHeaders[at + 3] += `, ${state}`;
  if (remaining <= Number(answerHeaders[at + 7])) {
    answerHeaders[at + 5] = nearest[0];
    answerHeaders[at + 7] = nearest[1];
    answerHeaders[at + 9] = nearest[2];
  }
  return resetS;
}

/** Whole seconds, at least 1; a fraction of a millisecond is the arithmetic's. */
export function wholeSeconds(ms: number): number {
  return Math.max(1, Math.ceil(Math.round(ms) / 1000));
}

/** Names come from the route table and from handlers: there are few, and they come again with each request. */
const quotedNames = new Map<string, string>();

/** A structured field's string (RFC 9651, section 3.3.3). */
function quote(name: string): string {
  const known = quotedNames.get(name);
  if (known !== undefined) return known;
  const made = `"${name.replace(/[^ -~]/g, '?').replace(/["\\]/g, '\\$&')}"`;
  quotedNames.set(name, made);
  return made;
}
