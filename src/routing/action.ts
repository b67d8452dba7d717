import type { Exchange } from '../trace/index.js';
import { readField } from './request-field.js';

export type ActionResult =
  | { readonly kind: 'none' }
  | { readonly kind: 'action'; readonly action: string }
  | { readonly kind: 'refused'; readonly problem: string };

const NOT_TEXT: ActionResult = { kind: 'refused', problem: 'Send "action" as a single text value.' };
const TORN: ActionResult = { kind: 'refused', problem: 'The request names different actions: send one.' };

/**
 * Reads PHP's `action` as PHP would: from the query and, once the body was read, from JSON, form or multipart fields.
 * A script may look in any of these places, so where they disagree nobody can tell what it obeys: the request is refused.
 */
export function readAction(exchange: Exchange): ActionResult {
  const readings = readField(exchange, 'action');
  if (readings.kind === 'refused') return readings;
  const actions = new Set<string>();
  for (const reading of readings.values) {
    if (reading.kind === 'not-scalar') return NOT_TEXT;
    if (reading.kind === 'value') actions.add(reading.value);
  }
  if (actions.size > 1) return TORN;
  const [action] = actions;
  return action === undefined ? { kind: 'none' } : { kind: 'action', action };
}

/** `Send`, ` send`: scripts that trim or lower the case run what the table names, and others something else. */
export function isLookAlikeAction(action: string, known: Iterable<string>): boolean {
  const bare = plainSpelling(action);
  return [...known].some((one) => plainSpelling(one) === bare);
}

function plainSpelling(action: string): string {
  return action.replace(/^[\s\0]+|[\s\0]+$/g, '').toLowerCase();
}
