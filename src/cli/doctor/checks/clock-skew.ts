import { type CheckResult, ok, warning } from '../check.js';

/** Half the life of an identity assertion. */
const MAX_SKEW_S = 30;

/** Compares this machine's clock with the `Date` of an answer (RFC 9110, section 6.6.1), which has whole seconds. */
export function compareClocks(name: string, date: string | undefined): CheckResult | undefined {
  const theirs = Date.parse(date ?? '');
  if (Number.isNaN(theirs)) return undefined;
  const skewS = Math.round((theirs - Date.now()) / 1000);
  const distance = Math.abs(skewS);
  if (distance <= MAX_SKEW_S) return ok(name, `within ${Math.max(1, distance)} s of this machine's`);
  return warning(
    name,
    `${distance} s ${skewS > 0 ? 'ahead of' : 'behind'} this machine's`,
    'let both machines keep time by NTP: signed identities live 60 s, tokens are checked to the second',
  );
}
