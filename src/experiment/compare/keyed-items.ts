import type { JsonNode } from './json-tree.js';

export type ItemPair = readonly [control: JsonNode | undefined, candidate: JsonNode | undefined];

/**
 * Pairs the items of two arrays by the value of their member `key`, each item once: of several with one value the first goes
 * with the first; those without it are paired in their order.
 */
export function pairByKey(
  control: readonly JsonNode[],
  candidate: readonly JsonNode[],
  key: string,
): { readonly pairs: readonly ItemPair[]; readonly isReordered: boolean } {
  const waiting = new Map<string, { readonly items: JsonNode[]; next: number }>();
  for (const item of candidate) {
    const name = keyOf(item, key);
    const queue = waiting.get(name);
    if (queue === undefined) waiting.set(name, { items: [item], next: 0 });
    else queue.items.push(item);
  }
  const partner = new Map<JsonNode, JsonNode>();
  const pairs: ItemPair[] = [];
  for (const item of control) {
    const queue = waiting.get(keyOf(item, key));
    const other = queue?.items[queue.next];
    if (queue !== undefined && other !== undefined) {
      queue.next += 1;
      partner.set(other, item);
    }
    pairs.push([item, other]);
  }
  for (const item of candidate) if (!partner.has(item)) pairs.push([undefined, item]);
  return { pairs, isReordered: !isInOrder(pairs, candidate, partner) };
}

/** By type and spelling, so that `1` and `"1"` are two keys. */
function keyOf(item: JsonNode, key: string): string {
  const value = item.kind === 'object' ? item.members.get(key) : undefined;
  if (value === undefined || value.kind === 'object' || value.kind === 'array') return '';
  return `${value.kind}:${value.text}`;
}

function isInOrder(
  pairs: readonly ItemPair[],
  candidate: readonly JsonNode[],
  partner: ReadonlyMap<JsonNode, JsonNode>,
): boolean {
  const wanted = pairs.flatMap(([a, b]) => (a !== undefined && b !== undefined ? [b] : []));
  return candidate.filter((item) => partner.has(item)).every((item, at) => item === wanted[at]);
}
