import { type Fields, fieldsOf } from './fields.js';

const TO_GA: ReadonlyMap<unknown, string> = new Map([
  ['text', 'output_text'],
  ['audio', 'output_audio'],
]);
const TO_BETA: ReadonlyMap<unknown, string> = new Map([...TO_GA].map(([beta, ga]) => [ga, String(beta)]));

/** An item that a client of the beta puts into the conversation: what the assistant has said has other names in the GA interface. */
export function toGaItem(item: unknown): unknown {
  return fieldsOf(item)?.['role'] === 'assistant' ? withContent(item, TO_GA) : item;
}

/** An item of the GA interface with the beta's names for its content. */
export function toBetaItem(item: unknown): unknown {
  return withContent(item, TO_BETA);
}

/** One part of an item's content. */
export function toBetaPart(part: unknown): unknown {
  return renamed(part, TO_BETA);
}

function withContent(item: unknown, names: ReadonlyMap<unknown, string>): unknown {
  const fields = fieldsOf(item);
  const content = fields?.['content'];
  return Array.isArray(content) ? { ...fields, content: content.map((part) => renamed(part, names)) } : item;
}

function renamed(part: unknown, names: ReadonlyMap<unknown, string>): unknown {
  const fields: Fields | undefined = fieldsOf(part);
  const name = names.get(fields?.['type']);
  return name === undefined ? part : { ...fields, type: name };
}
