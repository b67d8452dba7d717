import type { CachePolicy } from '../routing/index.js';
import { type Directives, readCacheControl, secondsOf } from './cache-control.js';

/** How long a stored answer is used, in seconds of its age. */
export interface Lifetime {
  /** Its age on arrival. */
  readonly ageS: number;
  /** Fresh below this age. */
  readonly freshS: number;
  /** Below this age it may be used once more while it is fetched anew; at least `freshS`. */
  readonly revalidateS: number;
  /** Below this age it may stand in for a failure; at least `freshS`. */
  readonly errorS: number;
}

/** The fields of an answer that say how long it is fresh; several of one name joined by commas. */
export interface FreshnessFields {
  readonly cacheControl: string | undefined;
  readonly expires: string | undefined;
  readonly pragma: string | undefined;
  readonly date: string | undefined;
  readonly age: string | undefined;
}

/** When the answer's call began and when its head came, Unix milliseconds. */
export interface CallTimes {
  readonly askedAt: number;
  readonly answeredAt: number;
}

/**
 * How long an answer may be used by the route's policy and its own words (RFC 9111, section 4.2; RFC 5861); undefined: not
 * at all. With `honour` the policy's times are the most that the answer gets, and what it gets where it says nothing.
 */
export function lifetimeOf(
  policy: CachePolicy,
  fields: FreshnessFields,
  times: CallTimes,
  isNegative = false,
): Lifetime | undefined {
  if (isNegative && policy.negativeTtlS === 0) return undefined;
  const capS = isNegative ? policy.negativeTtlS : policy.ttlS;
  const stale = isNegative ? { swr: 0, sie: 0 } : { swr: policy.staleWhileRevalidateS, sie: policy.staleIfErrorS };
  if (policy.cacheControl === 'override')
    return { ageS: 0, freshS: capS, revalidateS: capS + stale.swr, errorS: capS + stale.sie };
  const directives = readCacheControl(fields.cacheControl);
  if (isForbidden(directives, fields, policy)) return undefined;
  const ageS = initialAge(fields, times);
  const freshS = Math.min(explicitS(directives, fields, times) ?? capS, capS);
  const mustRevalidate =
    directives.has('must-revalidate') || directives.has('proxy-revalidate') || directives.has('s-maxage');
  const swrS = mustRevalidate ? 0 : Math.min(secondsOf(directives, 'stale-while-revalidate') ?? stale.swr, stale.swr);
  const sieS = mustRevalidate ? 0 : Math.min(secondsOf(directives, 'stale-if-error') ?? stale.sie, stale.sie);
  // Who says `Expires: 0` means that it is not to be used again, whatever the policy allows for what was fresh once.
  if (ageS >= freshS) return undefined;
  return { ageS, freshS, revalidateS: freshS + swrS, errorS: freshS + sieS };
}

/** `private` is for one caller, which a key with the identity keeps to; `no-cache` asks for a validation that is not made here. */
function isForbidden(directives: Directives, { pragma, cacheControl }: FreshnessFields, policy: CachePolicy): boolean {
  if (directives.has('no-store') || directives.has('no-cache')) return true;
  if (cacheControl === undefined && pragma?.toLowerCase().includes('no-cache') === true) return true;
  return directives.has('private') && policy.vary === 'public';
}

/** Section 4.2.1: `s-maxage` before `max-age` before `Expires`. */
function explicitS(directives: Directives, { expires, date }: FreshnessFields, times: CallTimes): number | undefined {
  const told = secondsOf(directives, 's-maxage') ?? secondsOf(directives, 'max-age');
  if (told !== undefined || expires === undefined) return told;
  const end = Date.parse(expires);
  const from = dateOf(date) ?? times.answeredAt;
  // "0" and whatever else is no date means past (section 5.3).
  return Number.isNaN(end) ? 0 : Math.max(0, Math.floor((end - from) / 1000));
}

/** Section 4.2.3: the greater of what the clocks and what `Age` say. */
function initialAge({ age, date }: FreshnessFields, { askedAt, answeredAt }: CallTimes): number {
  // A `Date` is cut to the second: what is below one is no age.
  const apparentS = Math.max(0, (answeredAt - (dateOf(date) ?? answeredAt)) / 1000 - 1);
  const told = age === undefined ? undefined : /^\s*(\d{1,10})/.exec(age)?.[1];
  const correctedS = told === undefined ? 0 : Number(told) + (answeredAt - askedAt) / 1000;
  return Math.floor(Math.max(apparentS, correctedS));
}

function dateOf(value: string | undefined): number | undefined {
  const at = value === undefined ? Number.NaN : Date.parse(value);
  return Number.isNaN(at) ? undefined : at;
}
