import type { Exchange } from '../trace/index.js';
import type { SendAnswer } from './answer-tap.js';
import { FIELDS_OF_304, isUnchanged } from './conditional.js';
import { fieldsWhere } from './head-fields.js';
import { ageOf, type StoredAnswer } from './stored-answer.js';

/** The request's own validators, from before they were taken away for the fetch. */
export type Validators = Parameters<typeof isUnchanged>[0];

/** Lower-case names of a stored answer's fields; made once for each. */
const names = new WeakMap<StoredAnswer, ReadonlySet<string>>();

/**
 * Sends what is stored as the answer to this request: with its own traceId and the gateway's fields for it; 304 where the
 * client has it already. Nothing is parsed, and nothing but the head is put together.
 */
export function sendStored(
  { answerHeaders, method, traceId }: Exchange,
  stored: StoredAnswer,
  validators: Validators,
  cacheStatus: string,
  send: SendAnswer,
): void {
  const headers = mergeHeaders(answerHeaders, stored);
  const age = ageOf(stored, Date.now());
  if (age > 0) headers.push('Age', String(age));
  headers.push('Cache-Status', cacheStatus);
  if (isUnchanged(validators, stored)) {
    const own = ownNames(answerHeaders);
    const kept = fieldsWhere(headers, (lower) => FIELDS_OF_304.has(lower) || lower === 'age' || own.has(lower));
    send({ status: 304, statusText: '', headers: kept });
    return;
  }
  const { before, after, status, statusText } = stored;
  if (after === undefined) {
    headers.push('Content-Length', String(before.byteLength));
    send({ status, statusText, headers }, method === 'HEAD' ? undefined : before);
    return;
  }
  // Trace ids are ASCII without anything that JSON would escape.
  const trace = `"${traceId}"`;
  headers.push('Content-Length', String(before.byteLength + trace.length + after.byteLength));
  if (method === 'HEAD') {
    send({ status, statusText, headers });
    return;
  }
  const body = Buffer.allocUnsafe(before.byteLength + trace.length + after.byteLength);
  before.copy(body);
  body.write(trace, before.byteLength, 'latin1');
  after.copy(body, before.byteLength + trace.length);
  send({ status, statusText, headers }, body);
}

/** The gateway's fields for this request, but for those that the answer has its own of (its `Vary`, the policy of a page). */
function mergeHeaders(answerHeaders: readonly string[], stored: StoredAnswer): string[] {
  let own = names.get(stored);
  if (own === undefined) {
    own = ownNames(stored.headers);
    names.set(stored, own);
  }
  const merged: string[] = [];
  for (let i = 0; i < answerHeaders.length; i += 2) {
    const name = answerHeaders[i] ?? '';
    if (!own.has(lowerCase(name))) merged.push(name, answerHeaders[i + 1] ?? '');
  }
  for (const text of stored.headers) merged.push(text);
  return merged;
}

/** Names of the gateway's own fields: a few dozen, the same for every answer. */
const lowered = new Map<string, string>();
const MAX_LOWERED = 200;

function lowerCase(name: string): string {
  const known = lowered.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  if (lowered.size < MAX_LOWERED) lowered.set(name, lower);
  return lower;
}

function ownNames(headers: readonly string[]): ReadonlySet<string> {
  return new Set(headers.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()));
}
