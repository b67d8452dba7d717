import type { CompiledRules } from './compile-rules.js';
import type { DifferenceLog } from './difference-log.js';
import type { FieldPath } from './field-path.js';
import { SLICE, type Steps } from './in-slices.js';
import type { JsonArray, JsonNode, JsonObject, JsonScalar } from './json-tree.js';
import { pairByKey } from './keyed-items.js';
import { isSameNumber } from './number-value.js';
import { areBothOf, haveOneForm } from './value-format.js';

/** Compares two JSON trees place by place, in time linear in their size, as deep as the trees were allowed to be. */
export class TreeComparison {
  private compared = 0;

  constructor(
    private readonly rules: CompiledRules,
    private readonly log: DifferenceLog,
  ) {}

  *compare(control: JsonNode, candidate: JsonNode, path: FieldPath): Steps<void> {
    if (isScalar(control) || isScalar(candidate)) this.compareLeaves(control, candidate, path);
    else yield* this.compareContainers(control, candidate, path);
  }

  private *compareContainers(
    control: JsonObject | JsonArray,
    candidate: JsonObject | JsonArray,
    path: FieldPath,
  ): Steps<void> {
    path.seen += 1;
    if (control.kind === 'object' && candidate.kind === 'object') yield* this.compareObjects(control, candidate, path);
    else if (control.kind === 'array' && candidate.kind === 'array')
      yield* this.compareArrays(control, candidate, path);
    else this.log.add(path, 'type', control, candidate);
  }

  /** At least one of them is no container. No generator for each of them: they are many. */
  private compareLeaves(control: JsonNode, candidate: JsonNode, path: FieldPath): void {
    path.seen += 1;
    if (control.kind !== candidate.kind) this.log.add(path, 'type', control, candidate);
    else if (isScalar(control) && isScalar(candidate)) this.compareScalars(control, candidate, path);
  }

  /** Whether others are to have their turn. */
  private isTurn(): boolean {
    this.compared += 1;
    return this.compared % SLICE === 0;
  }

  private compareScalars(control: JsonScalar, candidate: JsonScalar, path: FieldPath): void {
    if (control.text === candidate.text) return;
    const { kind } = control;
    if (kind === 'number' && isSameNumber(control.text, candidate.text)) {
      if (this.rules.numberSpelling === 'mismatch') this.log.add(path, 'spelling', control, candidate);
      return;
    }
    const format = path.noise?.formats[0];
    const isNoise =
      format !== undefined &&
      (kind === 'string' || kind === 'number') &&
      areBothOf(format, kind, control.text, candidate.text);
    if (isNoise || (path.isGenerated && this.areBothMade(control, candidate))) this.log.noise += 1;
    else this.log.add(path, 'value', control, candidate);
  }

  /** Whether two values of one kind are each side's own: neither was there before, and they have one form. */
  private areBothMade({ kind, text }: JsonScalar, candidate: JsonScalar): boolean {
    const { generated } = this.rules;
    if (generated === undefined || (kind !== 'string' && kind !== 'number')) return false;
    if (generated.old?.has(text) === true || generated.old?.has(candidate.text) === true) return false;
    return haveOneForm(kind, text, candidate.text, generated.toleranceMs);
  }

  private *compareObjects(control: JsonObject, candidate: JsonObject, path: FieldPath): Steps<void> {
    let common = 0;
    for (const [name, value] of control.members) {
      if (this.isTurn()) yield;
      const member = path.member(name);
      if (member === undefined) continue;
      const other = candidate.members.get(name);
      if (other === undefined) this.addAbsent(member, 'missing', value);
      else {
        common += 1;
        if (isScalar(value) || isScalar(other)) this.compareLeaves(value, other, member);
        else yield* this.compareContainers(value, other, member);
      }
    }
    for (const [name, value] of candidate.members) {
      if (this.isTurn()) yield;
      const member = control.members.has(name) ? undefined : path.member(name);
      if (member !== undefined) this.addAbsent(member, 'extra', value);
    }
    if (common > 1 && !isSameOrder(control.members, candidate.members)) this.noteOrder(path, control, candidate);
  }

  private *compareArrays(control: JsonArray, candidate: JsonArray, path: FieldPath): Steps<void> {
    if (path.keyedBy !== undefined) {
      yield* this.compareKeyed(control, candidate, path, path.keyedBy);
      return;
    }
    if (yield* this.isPermutation(control, candidate)) {
      this.log.add(path, 'order', control, candidate);
      return;
    }
    const shared = Math.min(control.items.length, candidate.items.length);
    for (let at = 0; at < control.items.length || at < candidate.items.length; at += 1) {
      if (this.isTurn()) yield;
      const [a, b] = [control.items[at], candidate.items[at]];
      if (at < shared && a !== undefined && b !== undefined) yield* this.compare(a, b, path.items());
      else if (a !== undefined) this.addAbsent(path.items(), 'missing', a);
      else if (b !== undefined) this.addAbsent(path.items(), 'extra', b);
    }
  }

  /** Whether both have the same items in another order; told by their hashes, which is enough for what is a difference either way. */
  private *isPermutation(a: JsonArray, b: JsonArray): Steps<boolean> {
    if (a.hash === b.hash || a.items.length !== b.items.length) return false;
    const counts = new Map<number, number>();
    for (const { hash } of a.items) {
      if (this.isTurn()) yield;
      counts.set(hash, (counts.get(hash) ?? 0) + 1);
    }
    for (const { hash } of b.items) {
      if (this.isTurn()) yield;
      const left = counts.get(hash) ?? 0;
      if (left === 0) return false;
      counts.set(hash, left - 1);
    }
    return true;
  }

  private *compareKeyed(control: JsonArray, candidate: JsonArray, path: FieldPath, key: string): Steps<void> {
    const { pairs, isReordered } = pairByKey(control.items, candidate.items, key);
    for (const [a, b] of pairs) {
      if (this.isTurn()) yield;
      if (a !== undefined && b !== undefined) yield* this.compare(a, b, path.items());
      else if (a !== undefined) this.addAbsent(path.items(), 'missing', a);
      else if (b !== undefined) this.addAbsent(path.items(), 'extra', b);
    }
    if (isReordered) this.noteOrder(path, control, candidate);
  }

  private noteOrder(path: FieldPath, control: JsonNode, candidate: JsonNode): void {
    this.log.reordered += 1;
    if (this.rules.memberOrder === 'mismatch') this.log.add(path, 'order', control, candidate);
  }

  private addAbsent(path: FieldPath, kind: 'missing' | 'extra', node: JsonNode): void {
    path.seen += 1;
    if (kind === 'missing') this.log.add(path, kind, node, undefined);
    else this.log.add(path, kind, undefined, node);
  }
}

function isScalar(node: JsonNode): node is JsonScalar {
  return node.kind !== 'object' && node.kind !== 'array';
}

/** Whether the members that both have stand in one order. */
function isSameOrder(a: ReadonlyMap<string, JsonNode>, b: ReadonlyMap<string, JsonNode>): boolean {
  const others = b.keys();
  for (const name of a.keys()) {
    if (!b.has(name)) continue;
    let other = others.next();
    while (other.done !== true && !a.has(other.value)) other = others.next();
    if (other.done === true || other.value !== name) return false;
  }
  return true;
}
