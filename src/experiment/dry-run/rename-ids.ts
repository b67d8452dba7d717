import { haveOneForm } from '../compare/value-format.js';

/** Shorter texts are no ids, and may stand for something else elsewhere. */
const MIN_LENGTH = 8;

/**
 * Gives the ids that a candidate has made the names that the control's have, wherever they stand in the candidate's document as
 * whole strings: so that what was made is compared as the same thing, and must have the id that was answered. Ids are the
 * generated fields (JSON pointers without `*`) of both answers that are strings of one form; times keep theirs.
 */
export function renameIds(document: string, candidate: Buffer, control: Buffer, generated: readonly string[]): string {
  const [own, other] = [parse(candidate), parse(control)];
  let renamed = document;
  for (const pointer of generated) {
    const [a, b] = [valueAt(own, pointer), valueAt(other, pointer)];
    if (typeof a !== 'string' || typeof b !== 'string' || a === b || a.length < MIN_LENGTH) continue;
    // Times that differ at all are of one form only within a tolerance: with none, what is left are ids.
    if (haveOneForm('string', b, a, 0)) renamed = renamed.replaceAll(JSON.stringify(a), JSON.stringify(b));
  }
  return renamed;
}

function valueAt(document: unknown, pointer: string): unknown {
  let value = document;
  for (const segment of pointer.slice(1).split('/')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[segment.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  return value;
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    return undefined;
  }
}
