/** A JSON value with its numbers as they are spelt; a JsonNode is one. */
export type JsonTree =
  | { readonly kind: 'object'; readonly members: ReadonlyMap<string, JsonTree> }
  | { readonly kind: 'array'; readonly items: readonly JsonTree[] }
  | { readonly kind: 'string' | 'number' | 'boolean' | 'null'; readonly text: string };

const STEP = '  ';

/** JSON text (RFC 8259) of a tree: on one line, or for people to read, each member on its own. */
export function printJson(tree: JsonTree, isPretty = false): string {
  return print(tree, isPretty ? '\n' : undefined);
}

/** A tree of plain data. */
export function treeOf(value: unknown): JsonTree {
  if (Array.isArray(value)) return { kind: 'array', items: value.map(treeOf) };
  if (typeof value === 'string') return { kind: 'string', text: value };
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return { kind: 'object', members: new Map(members.map(([name, member]) => [name, treeOf(member)])) };
  }
  const kind = typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'boolean' : 'null';
  return { kind, text: kind === 'null' ? 'null' : String(value) };
}

function print(tree: JsonTree, newline: string | undefined): string {
  switch (tree.kind) {
    case 'object':
      return enclose(
        '{}',
        [...tree.members].map(
          ([name, member]) =>
            `${JSON.stringify(name)}:${newline === undefined ? '' : ' '}${print(member, deeper(newline))}`,
        ),
        newline,
      );
    case 'array':
      return enclose(
        '[]',
        tree.items.map((item) => print(item, deeper(newline))),
        newline,
      );
    case 'string':
      return JSON.stringify(tree.text);
    default:
      return tree.text;
  }
}

function enclose(brackets: '{}' | '[]', parts: readonly string[], newline: string | undefined): string {
  const [open = '', close = ''] = brackets;
  if (parts.length === 0) return brackets;
  if (newline === undefined) return open + parts.join(',') + close;
  const inner = newline + STEP;
  return open + inner + parts.join(`,${inner}`) + newline + close;
}

function deeper(newline: string | undefined): string | undefined {
  return newline === undefined ? undefined : newline + STEP;
}
