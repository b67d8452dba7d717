import { OverrideSnapshot } from '../stages/override-snapshot.js';
import type { RuntimeIgnore } from './ignore-store.js';

/** The rules of the embedded database in a file. */
export class IgnoreSnapshot extends OverrideSnapshot<RuntimeIgnore> {
  constructor(file: string) {
    super(file, isIgnore);
  }
}

function isIgnore(value: unknown): value is RuntimeIgnore {
  if (typeof value !== 'object' || value === null) return false;
  const { route, pointer, reason, until, by, at } = value as Record<string, unknown>;
  return (
    [route, pointer, reason, by, at].every((text) => typeof text === 'string') &&
    typeof until === 'string' &&
    !Number.isNaN(Date.parse(until))
  );
}
