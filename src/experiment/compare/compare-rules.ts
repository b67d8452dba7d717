import type { NoiseModel } from './noise-model.js';

/** A difference that is known and accepted until a day. */
export interface IgnoreRule {
  /**
   * A JSON pointer in which a segment `*` stands for any one key or index, with all that is below it; or `header:<name>`.
   * The status cannot be ignored, nor the whole body.
   */
  readonly pointer: string;
  readonly reason: string;
  /** Unix time in ms from which the rule ignores nothing any more. */
  readonly expiresAt: number;
}

/** How the answers of a route are compared, as its owner writes it. Everything has a default. */
export interface CompareSettings {
  readonly ignore?: readonly IgnoreRule[];
  /** Arrays whose items are told apart by a field instead of their place: `{"/data": "id"}`. */
  readonly keyed?: Readonly<Record<string, string>>;
  /** Headers that count, lower case; DEFAULT_HEADERS where absent. */
  readonly headers?: readonly string[];
  /** Whether another order of members (or of a keyed array's items) is a difference; `note` where absent. */
  readonly memberOrder?: 'note' | 'mismatch';
  /** Whether `1.0` for `1` is a difference; `mismatch` where absent, since typed clients read another type. */
  readonly numberSpelling?: 'note' | 'mismatch';
  /** What each side makes for itself when it writes: ids, times. */
  readonly generated?: GeneratedFields;
  /** What was learned of the control's own differences. */
  readonly noise?: NoiseModel;
  /** Makes a value safe to store; `field` as in a Difference. `redactToShape` where absent. */
  readonly redact?: (value: string, field: string) => string;
  readonly bounds?: Partial<CompareBounds>;
}

/** Values that differ by their nature, and are compared by type and form. */
export interface GeneratedFields {
  /** JSON pointers, with `*` as in an ignore rule. */
  readonly pointers: readonly string[];
  /** Values that were there before, which neither side has made: they are compared as they are. */
  readonly old?: ReadonlySet<string>;
  /** Milliseconds that two times may be apart. */
  readonly toleranceMs: number;
}

/** Bounds of one comparison. */
export interface CompareBounds {
  /** Of each body. */
  readonly maxBytes: number;
  /** Of nested arrays and objects, at most 512. */
  readonly maxDepth: number;
  /** Values in one document. */
  readonly maxValues: number;
  /** Differences kept; they are counted beyond it. */
  readonly maxKept: number;
  /** Differences kept of one field. */
  readonly maxKeptPerField: number;
  /** Fields counted each for itself. */
  readonly maxFields: number;
  /** Characters of a kept value. */
  readonly maxValueLength: number;
}
