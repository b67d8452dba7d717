/** Directives of a `Cache-Control` by their lower-case names; '' for one without an argument (RFC 9111, section 5.2). */
export type Directives = ReadonlyMap<string, string>;

const DIRECTIVE = /([^\s,;=]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]*)))?/g;
const MAX_CHARACTERS = 1024;
/** Seconds: what is longer is as good as for ever (RFC 9111, section 1.2.2). */
const MAX_DELTA_S = 2_147_483_648;

/**
 * Reads all fields of the name together. What is longer than 1024 characters counts as `no-store`; of one directive with
 * two arguments the smaller number stands (section 4.2.1: contradictions are taken for stale).
 */
export function readCacheControl(value: string | undefined): Directives {
  const directives = new Map<string, string>();
  if (value === undefined) return directives;
  if (value.length > MAX_CHARACTERS) return directives.set('no-store', '');
  for (const [, name = '', quoted, token] of value.matchAll(DIRECTIVE)) {
    const lower = name.toLowerCase();
    const argument = quoted ?? token ?? '';
    const known = directives.get(lower);
    directives.set(lower, known === undefined || isLess(argument, known) ? argument : known);
  }
  return directives;
}

/** Seconds of a directive; undefined where it is absent, and 0 where its argument is no number: stale is the safe reading. */
export function secondsOf(directives: Directives, name: string): number | undefined {
  const value = directives.get(name);
  if (value === undefined) return undefined;
  return /^\d+$/.test(value) ? Math.min(Number(value), MAX_DELTA_S) : 0;
}

function isLess(argument: string, known: string): boolean {
  return !/^\d+$/.test(argument) || Number(argument) < Number(known);
}
