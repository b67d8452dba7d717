/** An answer as it is kept: without anything that belongs to one request. */
export interface StoredAnswer {
  readonly status: number;
  readonly statusText: string;
  /** name, value, …; neither the gateway's own fields nor the body's length. */
  readonly headers: readonly string[];
  /** Validator for conditional requests; it stands in `headers` too. */
  readonly etag: string;
  /** Of the application's own `Last-Modified`, Unix milliseconds. */
  readonly modifiedAt: number | undefined;
  /** The body up to where the traceId of each request is written, or all of it. */
  readonly before: Buffer;
  /** The rest; undefined where the body has no traceId. */
  readonly after: Buffer | undefined;
  /** When its age was 0, Unix milliseconds. */
  readonly bornAt: number;
  /** Ages in seconds: see `Lifetime`. */
  readonly freshS: number;
  readonly revalidateS: number;
  readonly errorS: number;
  /** The generation of its tags when it was asked for; it is void under another one. */
  readonly generation: string;
}

/** Bookkeeping of one entry beside its texts: object, buffers, list. */
const OVERHEAD_BYTES = 1024;

/** Bytes that it holds, key not counted: UTF-16 texts, buffers, objects. */
export function sizeOf({ headers, before, after }: StoredAnswer): number {
  let bytes = OVERHEAD_BYTES + before.byteLength + (after?.byteLength ?? 0);
  for (const text of headers) bytes += text.length * 2 + 24;
  return bytes;
}

/** Whole seconds since its age was 0; a clock that was put back makes nothing younger than new. */
export function ageOf({ bornAt }: StoredAnswer, now: number): number {
  return Math.max(0, Math.floor((now - bornAt) / 1000));
}

/** Milliseconds until it can be of no use. */
export function remainingMs(answer: StoredAnswer, now: number): number {
  return answer.bornAt + Math.max(answer.revalidateS, answer.errorS) * 1000 - now;
}
