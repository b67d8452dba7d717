import type { FieldRules } from '../redaction/field-rules.js';
import type { JsonTree } from '../redaction/json-print.js';
import { makeStandIn } from '../redaction/make-stand-in.js';
import { numberShape, shapeOf } from '../redaction/value-shape.js';
import type { Bindings } from './bindings.js';

/** Before the shape of a value that is not the recorded one. */
const OTHER = '≠ ';

export interface AlignContext {
  readonly bindings: Bindings;
  readonly rules: FieldRules;
  /** Shapes of the fixture's variables. */
  readonly variables: Readonly<Record<string, string>>;
  readonly now: number;
}

/**
 * An answer of the other side in the words of the recorded one: what corresponds to a stand-in becomes that stand-in, what
 * may be shown stays as it is, anything else becomes its shape, which equals no recorded value. So the two can be compared
 * as any two answers, and what is shown of them says nothing of anybody.
 */
export function alignTree(
  recorded: JsonTree | undefined,
  live: JsonTree,
  context: AlignContext,
  path: readonly string[] = [],
): JsonTree {
  switch (live.kind) {
    case 'object': {
      const known = recorded?.kind === 'object' ? recorded.members : undefined;
      const strange = [...(known?.keys() ?? [])].filter(
        (name) => !context.rules.isKnownName(name) && !live.members.has(name),
      );
      return {
        kind: 'object',
        members: new Map(
          [...live.members].map(([name, member]) => {
            const isShown = known?.has(name) === true || context.rules.isKnownName(name);
            const shown = isShown ? name : (strange.shift() ?? `${OTHER}field`);
            return [shown, alignTree(known?.get(shown), member, context, [...path, shown])];
          }),
        ),
      };
    }
    case 'array': {
      const items = recorded?.kind === 'array' ? recorded.items : [];
      return { kind: 'array', items: live.items.map((item, i) => alignTree(items[i], item, context, [...path, '*'])) };
    }
    case 'string':
      return { kind: 'string', text: alignText(recorded, live.text, context, path) };
    case 'number':
      return alignNumber(recorded, live.text, context, path);
    default:
      return live;
  }
}

function alignText(
  recorded: JsonTree | undefined,
  live: string,
  context: AlignContext,
  path: readonly string[],
): string {
  const { bindings, rules, variables, now } = context;
  const place = { side: 'answer', path } as const;
  const isId = rules.isId(place);
  const text = recorded?.kind === 'string' ? recorded.text : undefined;
  if (text !== undefined && text === live) return text;
  const isFixed = text !== undefined && rules.isKept(text, place);
  if (text !== undefined && !isFixed && bindings.isSame(text, live, isId, variables)) return text;
  return rules.isKept(live, place) ? live : `${OTHER}${shapeOf(live, isId, now)}`;
}

function alignNumber(
  recorded: JsonTree | undefined,
  live: string,
  context: AlignContext,
  path: readonly string[],
): JsonTree {
  const { bindings, rules, variables } = context;
  const place = { side: 'answer', path } as const;
  if (recorded?.kind === 'string' && recorded.text.startsWith('{{#'))
    return bindings.isSame(recorded.text, live, true, variables)
      ? recorded
      : { kind: 'string', text: `${OTHER}${numberShape(live)}` };
  if (recorded?.kind === 'number') {
    if (recorded.text === live) return recorded;
    const isFixed = rules.isKept(recorded.text, place);
    // Two numbers of one spelling may stand for each other, as texts of one shape may.
    const isAlike = numberShape(recorded.text) === numberShape(live);
    if (!isFixed && isAlike && bindings.isSame(`#${recorded.text}`, `#${live}`, false, variables)) return recorded;
  }
  if (rules.isKept(live, place)) return { kind: 'number', text: live };
  const standIn = makeStandIn(numberShape(live), 7);
  const isTaken = recorded?.kind === 'number' && recorded.text === standIn;
  return { kind: 'number', text: isTaken ? makeStandIn(numberShape(live), 8) : standIn };
}
