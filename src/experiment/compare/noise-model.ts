/** A form that values have in common though they differ. None of them admits every string or every number's sign. */
export type ValueFormat =
  | { readonly name: 'uuid' }
  | { readonly name: 'email' }
  /** `shape` has `9` for each digit: the separators, the precision and the kind of offset stay the same. */
  | { readonly name: 'iso-time'; readonly shape: string; readonly toleranceMs: number }
  | { readonly name: 'unix-time'; readonly unit: 's' | 'ms'; readonly isString: boolean; readonly toleranceMs: number }
  | { readonly name: 'hex'; readonly prefix: string; readonly length: number }
  /** Letters and digits, mixed, of a length at which it is no word. */
  | { readonly name: 'token'; readonly prefix: string; readonly length: number }
  | { readonly name: 'number'; readonly isInteger: boolean; readonly isNegative: boolean };

/** How the control differs from itself in one field. */
export interface NoisyField {
  readonly seen: number;
  readonly differed: number;
  /** The forms that all its values have, the narrowest first. Empty: nothing is forgiven. */
  readonly formats: readonly ValueFormat[];
  /** Why nothing was learned: the field is absent at times, changes its type, or its values have nothing in common. */
  readonly unstable: 'presence' | 'type' | 'value' | undefined;
}

/** What was learned from pairs of answers of the control (A/A). Data alone: it can be stored as JSON. */
export interface NoiseModel {
  readonly pairs: number;
  /** Pairs of which at least one answer could not be compared. */
  readonly skipped: number;
  /** By field as in a Difference: those that differed at least once. */
  readonly fields: Readonly<Record<string, NoisyField>>;
}
