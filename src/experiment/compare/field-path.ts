import type { CompiledRules, RuleNode } from './compile-rules.js';
import { ANY, toSegment } from './field-name.js';
import type { NoisyField } from './noise-model.js';
import type { FieldCount } from './observation.js';

/** The trace id of the envelope is another one in every answer. */
const TRACE_ID = 'traceId';
/** Characters of a field's name; what is deeper shares one name. */
const MAX_NAME_LENGTH = 400;
const DEEPER = '/…';

/** The fields that one comparison met: as many as the bound says, whatever keys the answers have. */
export class FieldPaths {
  private readonly known: FieldPath[] = [];
  private readonly others = new Map<string, { seen: number; differed: number }>();

  constructor(
    private readonly rules: CompiledRules,
    readonly now: number,
  ) {}

  noiseOf(field: string): NoisyField | undefined {
    return this.rules.noise.get(field);
  }

  /** Whether one more field is counted for itself; past the bound fields are compared all the same. */
  admit(path: FieldPath): boolean {
    if (this.known.length >= this.rules.bounds.maxFields) return false;
    this.known.push(path);
    return true;
  }

  /** Counts what is no place in a JSON document (the status, a header, a body of bytes), or one past the bound that differs. */
  countOther(field: string, hasDiffered: boolean): void {
    if (this.others.size >= this.rules.bounds.maxFields && !this.others.has(field)) return;
    const { seen, differed } = this.others.get(field) ?? { seen: 0, differed: 0 };
    this.others.set(field, { seen: seen + 1, differed: differed + (hasDiffered ? 1 : 0) });
  }

  counts(): FieldCount[] {
    const all = new Map(this.others);
    // What is very deep shares a name.
    for (const { field, seen, differed } of this.known) {
      const same = all.get(field);
      all.set(field, { seen: seen + (same?.seen ?? 0), differed: differed + (same?.differed ?? 0) });
    }
    return [...all].map(([field, count]) => ({ field, ...count }));
  }
}

/** A place in the JSON documents, with what the rules say of it; asked for once, however many items an array has. */
export class FieldPath {
  seen = 0;
  differed = 0;
  /** Of the differences here, how many are kept. */
  kept = 0;
  /** Why differences here, or above, are ignored. */
  readonly ignored: string | undefined;
  readonly keyedBy: string | undefined;
  readonly noise: NoisyField | undefined;
  /** Each side makes its own value here. */
  readonly isGenerated: boolean;
  private readonly children = new Map<string, FieldPath>();
  /** By key as it is spelt, so that a name is made of it once. */
  private readonly members = new Map<string, FieldPath>();
  private readonly isKept: boolean;

  private constructor(
    private readonly owner: FieldPaths,
    readonly field: string,
    private readonly rules: readonly RuleNode[],
    inherited: string | undefined,
  ) {
    this.ignored =
      inherited ?? rules.flatMap(({ ignore }) => ignore).find(({ expiresAt }) => expiresAt > owner.now)?.reason;
    this.keyedBy = rules.find(({ keyedBy }) => keyedBy !== undefined)?.keyedBy;
    this.isGenerated = rules.some(({ isGenerated }) => isGenerated);
    this.noise = owner.noiseOf(field);
    this.isKept = owner.admit(this);
  }

  static root(owner: FieldPaths, rules: RuleNode): FieldPath {
    return new FieldPath(owner, '', [rules], undefined);
  }

  countDifference(): void {
    if (this.isKept) this.differed += 1;
    else this.owner.countOther(this.field, true);
  }

  /** The member of that name; undefined for the trace id, which no comparison asks about. */
  member(key: string): FieldPath | undefined {
    if (this.field === '' && key === TRACE_ID) return undefined;
    const known = this.members.get(key);
    if (known !== undefined) return known;
    const made = this.child(toSegment(key));
    if (made.isKept) this.members.set(key, made);
    return made;
  }

  items(): FieldPath {
    return this.child(ANY);
  }

  private child(segment: string): FieldPath {
    const known = this.children.get(segment);
    if (known !== undefined) return known;
    const rules: RuleNode[] = [];
    for (const node of this.rules) {
      for (const name of segment === ANY ? [ANY] : [segment, ANY]) {
        const next = node.children.get(name);
        if (next !== undefined) rules.push(next);
      }
    }
    const made = new FieldPath(this.owner, this.nameOf(segment), rules, this.ignored);
    if (made.isKept) this.children.set(segment, made);
    return made;
  }

  private nameOf(segment: string): string {
    if (this.field.length < MAX_NAME_LENGTH) return `${this.field}/${segment}`;
    return this.field.endsWith(DEEPER) ? this.field : this.field + DEEPER;
  }
}
