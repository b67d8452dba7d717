/** One answer as it would reach the client: the control's (PHP) or the candidate's (native). */
export interface Answer {
  readonly status: number;
  /** In the order sent; several of one name stay several. Names in any case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Decoded: without a content coding. */
  readonly body: Buffer;
  readonly contentType: string | undefined;
  /** Milliseconds until its last byte. */
  readonly ms: number;
  /** The body was not kept whole: it cannot be compared. */
  readonly isCutShort?: boolean;
}

/** A candidate that gave no answer. */
export interface CandidateFailure {
  /** `overloaded`: it was not asked, because too many calls were under way; this says nothing about its answers. */
  readonly failure: 'threw' | 'timeout' | 'overloaded';
  /** Safe to store: no values of the request. */
  readonly message: string;
  /** Milliseconds until it was given up. */
  readonly ms: number;
}
