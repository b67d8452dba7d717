import { digestOf } from './bodies.mjs';

const SHOWN = 200;

/** How somebody shows who it is. */
export function headersFor(site, subject, isSession) {
  return isSession ? { Cookie: `SOAKSID=${subject}` } : { Authorization: `Bearer ${site.callers.tokenOf(subject)}` };
}

export function verdict(isGood, what, { status, headers, body, isComplete }) {
  if (isGood) return undefined;
  const start = body.subarray(0, SHOWN).toString('latin1');
  return `${what}: status ${status}, ${isComplete ? 'complete' : 'cut short'}, ${body.length} bytes, ${JSON.stringify(headers)}, ${JSON.stringify(start)}`;
}

/** An answer with one of these statuses and the request's own trace id; 502 to 504 besides while the upstream is away. @returns what is wrong */
export function expectStatus(site, nonce, answer, statuses) {
  if (answer.isLost) return 'lost: no answer in time';
  if (site.wasAway(answer) && (answer.status === 0 || answer.status >= 502 || !answer.isComplete)) {
    site.ledger.refused += 1;
    return REFUSED;
  }
  const isOwn = answer.headers['x-trace-id'] === nonce;
  return verdict(statuses.includes(answer.status), 'unexpected', answer) ?? verdict(isOwn, 'crossed', answer);
}

/** The upstream was away: an answer, though not the one that was asked for. */
export const REFUSED = 'refused';

/** What the upstream tells of the request, in the gateway's envelope. @returns what is wrong */
export function expectTold(site, trace, answer, { nonce = trace, subject, body, bytes = 0, isCached = false }) {
  const wrong = expectStatus(site, trace, answer, [200]);
  if (wrong !== undefined) return wrong;
  let said;
  try {
    said = JSON.parse(answer.body.toString());
  } catch {
    return verdict(false, 'damaged', answer);
  }
  const isOwn =
    said.nonce === nonce &&
    (said.traceId === undefined || said.traceId === trace) &&
    (isCached || (said.header === nonce && said.trace === nonce)) &&
    (subject === undefined || said.subject === subject);
  const isWhole =
    answer.isComplete && said.filling.length === bytes && (body === undefined || said.body.sha256 === digestOf(body));
  return verdict(isOwn, 'crossed', answer) ?? verdict(isWhole, 'damaged', answer);
}
