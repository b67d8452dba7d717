import type { CompiledRules } from './compile-rules.js';
import type { FieldPath } from './field-path.js';
import { toPrintable } from './field-name.js';
import type { JsonNode } from './json-tree.js';
import type { Difference, DifferenceKind } from './observation.js';

/** Told of every difference with its values as they are: for who learns from them. Nothing may store them. */
export type DifferenceWatch = (
  field: string,
  kind: DifferenceKind,
  control: JsonNode | undefined,
  candidate: JsonNode | undefined,
) => void;

/** The differences of one comparison: all counted, a bounded number kept, redacted. */
export class DifferenceLog {
  readonly counts: Record<DifferenceKind, number> = { missing: 0, extra: 0, type: 0, value: 0, spelling: 0, order: 0 };
  ignored = 0;
  noise = 0;
  reordered = 0;
  private readonly real: Difference[] = [];
  private readonly accepted: Difference[] = [];

  constructor(
    private readonly rules: CompiledRules,
    private readonly watch?: DifferenceWatch,
  ) {}

  get total(): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }

  /** What is kept; differences that no rule ignores go before the others. */
  get kept(): Difference[] {
    return [...this.real, ...this.accepted].slice(0, this.rules.bounds.maxKept);
  }

  /** Notes a difference in the JSON trees. */
  add(path: FieldPath, kind: DifferenceKind, control: JsonNode | undefined, candidate: JsonNode | undefined): void {
    this.watch?.(path.field, kind, control, candidate);
    if (path.ignored === undefined) path.countDifference();
    this.count(kind, path.ignored);
    const { maxKept, maxKeptPerField } = this.rules.bounds;
    if (path.kept >= maxKeptPerField || this.listFor(path.ignored).length >= maxKept) return;
    path.kept += 1;
    const show = (node: JsonNode | undefined): string | undefined => this.show(node, path.field);
    this.keep({
      field: path.field,
      kind,
      control: show(control),
      candidate: show(candidate),
      ignored: path.ignored,
    });
  }

  /** Notes a difference in status, header or bytes, whose values are safe to store as they are given. */
  addOther(difference: Difference): void {
    this.count(difference.kind, difference.ignored);
    this.keep({
      ...difference,
      control: this.shorten(difference.control),
      candidate: this.shorten(difference.candidate),
    });
  }

  private count(kind: DifferenceKind, ignored: string | undefined): void {
    if (ignored === undefined) this.counts[kind] += 1;
    else this.ignored += 1;
  }

  private keep(difference: Difference): void {
    const list = this.listFor(difference.ignored);
    if (list.length < this.rules.bounds.maxKept) list.push(difference);
  }

  private listFor(ignored: string | undefined): Difference[] {
    return ignored === undefined ? this.real : this.accepted;
  }

  private show(node: JsonNode | undefined, field: string): string | undefined {
    if (node === undefined) return undefined;
    if (node.kind === 'object') return `object(${node.members.size})`;
    if (node.kind === 'array') return `array(${node.items.length})`;
    if (node.kind === 'null' || node.kind === 'boolean') return node.text;
    return this.shorten(this.rules.redact(node.text, field));
  }

  private shorten(text: string | undefined): string | undefined {
    if (text === undefined) return undefined;
    const { maxValueLength } = this.rules.bounds;
    const printable = toPrintable(text.slice(0, maxValueLength + 1));
    return printable.length > maxValueLength ? `${printable.slice(0, maxValueLength)}…` : printable;
  }
}
