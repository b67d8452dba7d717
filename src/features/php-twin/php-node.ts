/**
 * A value as PHP has it, with all that its JSON shows: 1 is not 1.0, big integers are exact, names keep their order, and {} is
 * not []. A list is a PHP array whose keys are 0, 1, 2 …; every other array is a Map.
 */
export type PhpNode = null | boolean | bigint | number | string | readonly PhpNode[] | PhpMap | PhpObject;

/** A PHP array that is no list, so that it is never empty. A number is a float; integers are bigint. */
export type PhpMap = ReadonlyMap<string, PhpNode>;

/** PHP's stdClass: `{}` in JSON even when it is empty or looks like a list. */
export class PhpObject {
  constructor(readonly members: ReadonlyMap<string, PhpNode>) {}
}

/** A PHP array of these entries: a list when it is one. */
export function phpArray(entries: ReadonlyMap<string, PhpNode>): readonly PhpNode[] | PhpMap {
  let index = 0;
  for (const key of entries.keys()) if (key !== String(index++)) return entries;
  return [...entries.values()];
}

/** The entries of a PHP array in their order; none for anything else. */
export function entriesOf(node: PhpNode | undefined): ReadonlyMap<string, PhpNode> {
  if (isList(node)) return new Map(node.map((member, index) => [String(index), member]));
  return node instanceof Map ? node : new Map();
}

export function isList(node: PhpNode | undefined): node is readonly PhpNode[] {
  return Array.isArray(node);
}

export function isArray(node: PhpNode | undefined): node is readonly PhpNode[] | PhpMap {
  return isList(node) || node instanceof Map;
}
