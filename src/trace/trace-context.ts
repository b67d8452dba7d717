import { createHash, randomFillSync } from 'node:crypto';

/** The ids under which one request is known in every log, span and upstream call. */
export interface TraceContext {
  /** What clients read as `traceId` and `X-Trace-Id`. */
  readonly traceId: string;
  /** W3C `traceparent` handed to the upstream: same trace, this request's own span. */
  readonly traceparent: string;
  /** The caller's span, where it has said which: 16 hex digits. */
  readonly parentSpan: string | undefined;
}

const VALID_TRACE_ID = /^[A-Za-z0-9_-]{8,64}$/;
/** Version 00 ends with its flags; only later versions may have more (W3C Trace Context, sections 3.2.2 and 4). */
const VALID_TRACEPARENT =
  /^(?!ff)(00(?!.{54})|(?!00)[0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;
const VERSION_00_LENGTH = 55;
const HEX_TRACE_ID = /^(?!0{32}$)[0-9a-f]{32}$/;

/**
 * Takes the trace from W3C `traceparent`, else from a valid `X-Trace-Id`, else makes one.
 * An invalid value is ignored, never an error (W3C Trace Context, section 4.3).
 */
export function traceFrom(traceparent: string | undefined, traceIdHeader: string | undefined): TraceContext {
  const parent = traceparent === undefined ? null : VALID_TRACEPARENT.exec(traceparent);
  if (parent?.[2] !== undefined) {
    // Of the flags only "sampled" is known; unknown ones are not passed on (section 3.2.2.5.2).
    const flags = (Number.parseInt(parent[4] ?? '0', 16) & 1) === 1 ? '01' : '00';
    const [whole, , id, span = ''] = parent;
    const [traceId, parentSpan] = [detached(id ?? '', whole), detached(span, whole)];
    return { traceId, traceparent: `00-${traceId}-${randomHex(8)}-${flags}`, parentSpan };
  }
  if (traceIdHeader !== undefined && VALID_TRACE_ID.test(traceIdHeader)) {
    const hex = HEX_TRACE_ID.test(traceIdHeader)
      ? traceIdHeader
      : createHash('sha256').update(traceIdHeader).digest('hex').slice(0, 32);
    return { traceId: traceIdHeader, traceparent: `00-${hex}-${randomHex(8)}-01`, parentSpan: undefined };
  }
  const made = randomHex(16);
  return { traceId: made, traceparent: `00-${made}-${randomHex(8)}-01`, parentSpan: undefined };
}

// One call to the random generator serves many ids: a call each costs more than the rest of the trace step.
const pool = Buffer.alloc(4096);
let used = pool.length;

/** A part of a text that does not keep the whole in memory, as V8's slices do: later versions may be kilobytes long, and ids are remembered. */
function detached(part: string, whole: string): string {
  return whole.length <= VERSION_00_LENGTH ? part : Buffer.from(part, 'latin1').toString('latin1');
}

/** Whether a request may be known under it: the gateway's own ids, those of a `traceparent`, and what a client may choose as `X-Trace-Id`. */
export function isTraceId(text: string): boolean {
  return VALID_TRACE_ID.test(text);
}

export function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const hex = pool.toString('hex', used, used + bytes);
  used += bytes;
  return hex;
}
