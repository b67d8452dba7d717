/** What the splice must know of the request and its route. */
export interface EnvelopeContext {
  /** The id of this request. */
  readonly traceId: string;
  /** HTTP status of the answer. */
  readonly status: number;
  /** The route says `envelope: wrap`: an array or scalar goes under `data`. */
  readonly wrap: boolean;
  /** The route says `tolerate: first-document`: what follows a complete first object or array is dropped. */
  readonly tolerateFirstDocument: boolean;
  /** Containers within containers; default 512, as in PHP. */
  readonly maxDepth?: number;
  /** The route's `errorWhen` matched: `success` is false whatever PHP and the status say. */
  readonly forceFailure?: boolean;
}

/** Why an answer that begins as JSON, or hides JSON behind noise, cannot be served. */
export type EnvelopeFault =
  'cut-short' | 'trailing-bytes' | 'second-document' | 'malformed' | 'too-deep' | 'leading-noise';

/** The answer's bytes, or why there are none. `untouched` shares memory with the body that came in. */
export type EnvelopeResult =
  | { readonly kind: 'spliced' | 'untouched'; readonly body: Buffer; readonly byteLength: number }
  | { readonly kind: 'not-json' }
  | { readonly kind: 'bad'; readonly reason: EnvelopeFault };
