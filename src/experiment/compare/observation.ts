/**
 * What a comparison came to. `ignored`: every difference falls under an ignore rule. `candidate-error`: the candidate gave no
 * answer, or a 5xx where the control did not. `not-comparable`: says nothing about the candidate; see the reason.
 */
export type ObservationClass = 'match' | 'ignored' | 'mismatch' | 'candidate-error' | 'not-comparable';

/** `spelling`: the same number written otherwise (`1.0` for `1`). `order`: the same members or items in another order. */
export type DifferenceKind = 'missing' | 'extra' | 'type' | 'value' | 'spelling' | 'order';

export type NotComparableReason =
  | 'control-failed'
  /** PHP, asked again, differs from itself in all that the candidate differs in. */
  | 'control-unsteady'
  | 'overloaded'
  | 'cut-short'
  | 'too-large'
  | 'too-deep'
  | 'too-many-values'
  /** A write began from data that held PHP's, or that somebody else wrote meanwhile; the caller wrote while a read was compared. */
  | 'raced'
  /** PHP's data before or after a write could not be had. */
  | 'no-effects';

/** One difference; its values are redacted and shortened. */
export interface Difference {
  /** `status`, `header:<name>`, `body` (bytes that are no JSON), or an RFC 6901 pointer with `*` for array indexes and keys that are data. */
  readonly field: string;
  readonly kind: DifferenceKind;
  readonly control: string | undefined;
  readonly candidate: string | undefined;
  /** The reason of the rule that ignores it. */
  readonly ignored: string | undefined;
}

/** How often a field was met in one comparison, and how often it differed there without a rule that ignores it. */
export interface FieldCount {
  readonly field: string;
  readonly seen: number;
  readonly differed: number;
}

/** Data alone: it can be stored as JSON. */
export interface Observation {
  readonly class: ObservationClass;
  /** Why it is not comparable, or how the candidate failed. */
  readonly reason: string | undefined;
  /** 0 where the candidate gave no answer. */
  readonly status: { readonly control: number; readonly candidate: number };
  /** Milliseconds. */
  readonly ms: { readonly control: number; readonly candidate: number };
  /** The first of each field, within the rules' bounds; `counts` has them all. */
  readonly differences: readonly Difference[];
  /** Differences that no rule ignores, by kind, all of them. */
  readonly counts: Readonly<Record<DifferenceKind, number>>;
  /** Differences that a rule ignores. */
  readonly ignored: number;
  /** Values that differ as PHP's own answers do: of the learned format on both sides. */
  readonly noise: number;
  /** Places where only the order of members, or of a keyed array's items, differs. */
  readonly reordered: number;
  readonly fields: readonly FieldCount[];
  /** Ignore rules past their day: they ignored nothing. */
  readonly expiredRules: readonly string[];
}
