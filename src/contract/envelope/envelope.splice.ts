import type { EnvelopeContext, EnvelopeFault, EnvelopeResult } from './envelope.types.js';
import { DEFAULT_MAX_DEPTH, scanDocument, type Member } from './json-scanner.js';
import { CUT_SHORT, OPEN_BRACE, OPEN_BRACKET, QUOTE, TOO_DEEP, byteAt, skipBlank } from './json-token.js';
import { hidesDocument, skipBomAndBlank, startsDocument } from './noise.js';

const NAMES = [Buffer.from('success'), Buffer.from('traceId')];
const SUCCESS = 0;
const TRUE = 0x74;
const FALSE = 0x66;
const NOT_JSON: EnvelopeResult = { kind: 'not-json' };

/**
 * Makes the envelope of one JSON answer right (docs/contract.md §1) and leaves every other byte as PHP wrote it.
 * Never throws. The body is scanned once and copied at most once; it is never parsed and printed.
 */
export function spliceEnvelope(body: Buffer, context: EnvelopeContext): EnvelopeResult {
  const start = skipBomAndBlank(body);
  const first = byteAt(body, start);
  const isContainer = first === OPEN_BRACE || first === OPEN_BRACKET;
  if (!isContainer && !canStartScalar(first)) return hidesDocument(body, start) ? bad('leading-noise') : NOT_JSON;

  const members: Member[] = [];
  const end = scanDocument(body, start, context.maxDepth ?? DEFAULT_MAX_DEPTH, NAMES, members);
  if (end === CUT_SHORT) return bad('cut-short');
  if (end === TOO_DEEP) return bad('too-deep');
  // A word such as "nothing" or "test" is text, not broken JSON.
  if (end < 0) return isWordStart(first) ? NOT_JSON : bad('malformed');

  // No look past the end where nothing follows: V8 makes a load that was once out of bounds slower for good.
  const next = end === body.length ? end : skipBlank(body, end);
  let stop = body.length;
  if (next < body.length) {
    // "404 Not Found" is not the document 404: only objects and arrays are tolerated.
    if (!context.tolerateFirstDocument || !isContainer) {
      return bad(startsDocument(body, next) ? 'second-document' : 'trailing-bytes');
    }
    stop = end;
  }
  if (first === OPEN_BRACE) return spliceObject(body, start, stop, members, context);
  return context.wrap ? wrapDocument(body, start, end, context) : untouched(body, start, stop);
}

/** Where each piece that is not PHP's own goes: `text` replaces the bytes from `start` to `end`. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

function spliceObject(
  body: Buffer,
  start: number,
  stop: number,
  members: readonly Member[],
  context: EnvelopeContext,
): EnvelopeResult {
  const success = String(successOf(body, members, context));
  const traceId = JSON.stringify(context.traceId);
  const edits: Edit[] = [];
  let hasSuccess = false;
  let hasTraceId = false;
  for (const member of members) {
    const text = member.name === SUCCESS ? success : traceId;
    if (member.name === SUCCESS) hasSuccess = true;
    else hasTraceId = true;
    if (!holds(body, member, text)) edits.push({ start: member.start, end: member.end, text });
  }
  if (!hasSuccess || !hasTraceId) {
    const added = `${hasSuccess ? '' : `"success":${success}`}${hasSuccess || hasTraceId ? '' : ','}${hasTraceId ? '' : `"traceId":${traceId}`}`;
    const isEmpty = byteAt(body, skipBlank(body, start + 1)) !== QUOTE;
    edits.unshift({ start: start + 1, end: start + 1, text: isEmpty ? added : `${added},` });
  }
  return edits.length === 0 ? untouched(body, start, stop) : apply(body, start, stop, edits);
}

/** PHP's own boolean is kept on 2xx; of duplicate keys the last one counts, as for JSON.parse and json_decode. */
function successOf(body: Buffer, members: readonly Member[], context: EnvelopeContext): boolean {
  if (!isSuccess(context)) return false;
  const own = members.findLast((member) => member.name === SUCCESS);
  return own === undefined || byteAt(body, own.start) !== FALSE;
}

function isSuccess(context: EnvelopeContext): boolean {
  return context.status >= 200 && context.status < 300 && context.forceFailure !== true;
}

function holds(body: Buffer, member: Member, text: string): boolean {
  if (member.end - member.start !== text.length) return false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    // A trace id is ASCII; one that is not is simply written anew.
    if (code > 0x7f || byteAt(body, member.start + index) !== code) return false;
  }
  return true;
}

function apply(body: Buffer, start: number, stop: number, edits: readonly Edit[]): EnvelopeResult {
  let size = stop - start;
  for (const edit of edits) size += Buffer.byteLength(edit.text) - (edit.end - edit.start);
  const out = Buffer.allocUnsafe(size);
  let from = start;
  let to = 0;
  for (const edit of edits) {
    to += body.copy(out, to, from, edit.start);
    to += out.write(edit.text, to);
    from = edit.end;
  }
  body.copy(out, to, from, stop);
  return { kind: 'spliced', body: out, byteLength: size };
}

function wrapDocument(body: Buffer, start: number, end: number, context: EnvelopeContext): EnvelopeResult {
  const head = `{"success":${String(isSuccess(context))},"traceId":${JSON.stringify(context.traceId)},"data":`;
  return apply(body, start, end, [
    { start, end: start, text: head },
    { start: end, end, text: '}' },
  ]);
}

function untouched(body: Buffer, start: number, stop: number): EnvelopeResult {
  const kept = start === 0 && stop === body.length ? body : body.subarray(start, stop);
  return { kind: 'untouched', body: kept, byteLength: kept.length };
}

function bad(reason: EnvelopeFault): EnvelopeResult {
  return { kind: 'bad', reason };
}

function canStartScalar(byte: number): boolean {
  return byte === QUOTE || byte === 0x2d || (byte >= 0x30 && byte <= 0x39) || isWordStart(byte);
}

/** The first byte of `true`, `false` or `null`. */
function isWordStart(byte: number): boolean {
  return byte === TRUE || byte === FALSE || byte === 0x6e;
}
