import { type ExtraFields, FieldRules, NO_EXTRA_FIELDS, type Side } from './field-rules.js';
import type { JsonTree } from './json-print.js';
import { StandIns } from './stand-ins.js';

const TRACE = '{{trace}}';
const SECRET = '{{secret}}';
/** Deeper, there is no field that a rule could know. */
const MAX_DEPTH = 64;

/** Takes what is personal out of requests and answers, the same value in the same way wherever it stands. */
export class Redactor {
  readonly rules: FieldRules;

  constructor(
    readonly standIns: StandIns = new StandIns(),
    extra: ExtraFields = NO_EXTRA_FIELDS,
  ) {
    this.rules = new FieldRules(extra);
  }

  tree(tree: JsonTree, side: Side, path: readonly string[] = []): JsonTree {
    switch (tree.kind) {
      case 'object':
        return {
          kind: 'object',
          members: new Map(
            [...tree.members].map(([name, member]) => {
              const shown = this.name(name);
              return [shown, path.length >= MAX_DEPTH ? NOTHING : this.tree(member, side, [...path, shown])];
            }),
          ),
        };
      case 'array':
        return { kind: 'array', items: tree.items.map((item) => this.tree(item, side, [...path, '*'])) };
      case 'string':
        return { kind: 'string', text: this.text(tree.text, side, path) };
      case 'number':
        return this.number(tree.text, side, path);
      default:
        return tree;
    }
  }

  /** A name of a member or a parameter. */
  name(name: string): string {
    return this.rules.isKnownName(name)
      ? name
      : this.standIns.ofName(name, this.rules.isSecret(name) ? 'secret_field' : 'field');
  }

  /** `path`: names that were redacted. */
  text(text: string, side: Side, path: readonly string[]): string {
    if (side === 'answer' && path.length === 1 && path[0] === 'traceId') return TRACE;
    if (path.some((name) => this.rules.isSecret(name))) return text === '' ? '' : SECRET;
    const place = { side, path };
    return this.rules.isKept(text, place) ? text : this.standIns.ofText(text, this.rules.isId(place));
  }

  private number(text: string, side: Side, path: readonly string[]): JsonTree {
    if (path.some((name) => this.rules.isSecret(name))) return { kind: 'number', text: '0' };
    const place = { side, path };
    if (this.rules.isKept(text, place)) return { kind: 'number', text };
    const standIn = this.standIns.ofNumber(text, this.rules.isId(place));
    return { kind: standIn.startsWith('{{') ? 'string' : 'number', text: standIn };
  }
}

const NOTHING: JsonTree = { kind: 'null', text: 'null' };
