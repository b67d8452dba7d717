import type { JsonTree } from './redaction/json-print.js';

/** What a request's body was, in a form that says nothing of anybody. */
export type RecordedBody =
  /** JSON text; values are stand-ins and variables such as `{{id:1}}`. */
  | { readonly kind: 'json'; readonly text: string }
  /** Fields of a form, in their order. */
  | { readonly kind: 'form'; readonly fields: readonly (readonly [name: string, value: string])[] }
  /** Said to be JSON, and none: a replay sends another that is none. */
  | { readonly kind: 'malformed'; readonly length: number }
  /** Refused for its length: a replay sends as many bytes. */
  | { readonly kind: 'filler'; readonly length: number }
  /** A file, or what cannot be read: known by its type and length, and within one recording by a keyed hash. Not replayable. */
  | { readonly kind: 'bytes'; readonly length: number; readonly hash: string | undefined };

/** A request, redacted. Data alone: it can be stored as JSON. */
export interface RecordedRequest {
  readonly method: string;
  /** Path and query, encoded; variables such as `{{id:1}}` stand as they are. */
  readonly target: string;
  /** `accept` and `content-type`, where they were sent. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: RecordedBody;
  /** `anonymous`, `rejected` (a token that does not hold), `user:1`, `admin:1`: never a token or a cookie. */
  readonly caller: string;
  /** Why a replay cannot send it; absent where it can. */
  readonly notReplayable?: string;
}

/** What of an answer's body is kept. */
export type RecordedContent =
  | { readonly kind: 'json'; readonly tree: JsonTree }
  /** Not JSON: nothing of a text, and a hash of what is no text. */
  | { readonly kind: 'bytes'; readonly length: number; readonly sha256: string | undefined };

/** An answer, redacted. */
export interface RecordedAnswer {
  readonly status: number;
  /** Those that clients act on, by name in lower case; of cookies the names and attributes. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: RecordedContent;
}

/** A request and PHP's answer to it, kept to be replayed. */
export interface Fixture {
  /** Fixtures of one name belong together: their order, their stand-ins and their callers are one recording's own. */
  readonly recording: string;
  /** Its place in the recording, from 1: replays keep the order. */
  readonly seq: number;
  readonly route: string;
  readonly action: string | undefined;
  /** The day (ISO 8601). */
  readonly at: string;
  readonly request: RecordedRequest;
  readonly answer: RecordedAnswer;
  /** Shapes of the ids that it names: `{"id:1": "conv_{hex:24}"}`. */
  readonly variables: Readonly<Record<string, string>>;
  /** Fields that its operator has let be shown. */
  readonly shown: { readonly keep: readonly string[]; readonly fields: readonly string[] };
}
