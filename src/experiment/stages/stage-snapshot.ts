import { STAGES } from '../../routing/index.js';
import { OverrideSnapshot } from './override-snapshot.js';
import type { StageOverride } from './stage-store.js';

/** The stage overrides of the embedded database in a file. */
export class StageSnapshot extends OverrideSnapshot<StageOverride> {
  constructor(file: string) {
    super(file, isOverride);
  }
}

function isOverride(value: unknown): value is StageOverride {
  if (typeof value !== 'object' || value === null) return false;
  const { route, stage, weight, by, reason, at } = value as Record<string, unknown>;
  return (
    [route, by, reason, at].every((text) => typeof text === 'string') &&
    STAGES.some((known) => known === stage) &&
    typeof weight === 'number' &&
    weight >= 0 &&
    weight <= 100
  );
}
