import type { IncomingHttpHeaders } from 'node:http';
import { readCacheControl, secondsOf } from './cache-control.js';

/** What a request says of stored answers (RFC 9111, section 5.2.1). Ages in seconds. */
export interface RequestWishes {
  /** Nothing stored is used; what comes is stored all the same. */
  readonly isForced: boolean;
  /** Nothing stored is used, and nothing is stored. */
  readonly isNoStore: boolean;
  readonly isOnlyIfCached: boolean;
  readonly maxAgeS: number;
  readonly minFreshS: number;
}

const NONE: RequestWishes = {
  isForced: false,
  isNoStore: false,
  isOnlyIfCached: false,
  maxAgeS: Infinity,
  minFreshS: 0,
};

/** `max-stale` is not obeyed: how stale an answer may be is the route's to say. */
export function readWishes({ 'cache-control': field, pragma }: IncomingHttpHeaders): RequestWishes {
  if (field === undefined) return pragma?.toLowerCase().includes('no-cache') === true ? FORCED : NONE;
  const directives = readCacheControl(field);
  const maxAgeS = secondsOf(directives, 'max-age') ?? Infinity;
  return {
    isForced: directives.has('no-cache') || maxAgeS === 0,
    isNoStore: directives.has('no-store'),
    isOnlyIfCached: directives.has('only-if-cached'),
    maxAgeS,
    minFreshS: secondsOf(directives, 'min-fresh') ?? 0,
  };
}

const FORCED: RequestWishes = { ...NONE, isForced: true };
