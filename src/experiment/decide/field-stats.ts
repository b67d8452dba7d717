import type { Observation } from '../compare/observation.js';

/** What is known of one field over all comparisons. */
export interface FieldTally {
  readonly field: string;
  /** Values compared. */
  readonly seen: number;
  /** Of them, those that differed without a rule that ignores it. */
  readonly differed: number;
  /** Comparisons in which it differed at least once. */
  readonly observations: number;
}

const MAX_FIELDS = 2000;

/** Counts per field over any number of observations, in bounded memory. */
export class FieldStats {
  private readonly tallies = new Map<string, FieldTally>();
  private droppedFields = 0;

  constructor(
    tallies: readonly FieldTally[] = [],
    private readonly maxFields = MAX_FIELDS,
  ) {
    this.merge(tallies);
  }

  /** Times that a field was not counted, since as many as may be are known. */
  get dropped(): number {
    return this.droppedFields;
  }

  add(observation: Pick<Observation, 'fields'>): void {
    for (const { field, seen, differed } of observation.fields) {
      const known = this.tallies.get(field) ?? this.open(field, differed > 0);
      if (known === undefined) continue;
      this.tallies.set(field, {
        field,
        seen: known.seen + seen,
        differed: known.differed + differed,
        observations: known.observations + (differed > 0 ? 1 : 0),
      });
    }
  }

  /** Takes the counts of other statistics besides. */
  merge(tallies: readonly FieldTally[]): void {
    for (const { field, seen, differed, observations } of tallies) {
      const known = this.tallies.get(field) ?? this.open(field, differed > 0);
      if (known === undefined) continue;
      this.tallies.set(field, {
        field,
        seen: known.seen + seen,
        differed: known.differed + differed,
        observations: known.observations + observations,
      });
    }
  }

  /** The fields that differ, those that do so in most comparisons first. */
  worst(count: number): FieldTally[] {
    return [...this.tallies.values()]
      .filter(({ differed }) => differed > 0)
      .sort((a, b) => b.observations - a.observations || b.differed - a.differed)
      .slice(0, count);
  }

  toJSON(): readonly FieldTally[] {
    return [...this.tallies.values()];
  }

  /** A field that differs takes the place of one that never did: a flood of names cannot hide it. */
  private open(field: string, hasDiffered: boolean): FieldTally | undefined {
    if (this.tallies.size >= this.maxFields) {
      this.droppedFields += 1;
      const quiet = hasDiffered ? this.findQuiet() : undefined;
      if (quiet === undefined) return undefined;
      this.tallies.delete(quiet);
    }
    return { field, seen: 0, differed: 0, observations: 0 };
  }

  private findQuiet(): string | undefined {
    for (const { field, differed } of this.tallies.values()) if (differed === 0) return field;
    return undefined;
  }
}
