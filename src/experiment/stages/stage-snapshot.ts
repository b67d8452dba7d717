import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { STAGES } from '../../routing/index.js';
import type { StageOverride } from './stage-store.js';

const VERSION = 1;

/** The overrides of the embedded database in a file (JSON, mode 0600) that appears complete or not at all. */
export class StageSnapshot {
  constructor(private readonly file: string) {}

  /** Undefined when there is none that can be trusted: missing, damaged, or a change was begun and not finished. */
  read(): readonly StageOverride[] | undefined {
    try {
      const document = JSON.parse(readFileSync(this.file, 'utf8')) as Record<string, unknown>;
      const { version, isFinished, overrides } = document;
      if (version !== VERSION || isFinished !== true || !Array.isArray(overrides)) return undefined;
      return overrides.every(isOverride) ? overrides : undefined;
    } catch {
      return undefined;
    }
  }

  write(overrides: readonly StageOverride[]): void {
    this.replace({ version: VERSION, isFinished: true, overrides });
  }

  /** From now until the next `write` only the database knows. */
  markUnfinished(): void {
    this.replace({ version: VERSION, isFinished: false });
  }

  private replace(document: object): void {
    mkdirSync(dirname(this.file), { recursive: true, mode: 0o700 });
    const draft = `${this.file}.${process.pid}`;
    writeFileSync(draft, `${JSON.stringify(document, undefined, 2)}\n`, { mode: 0o600, flush: true });
    renameSync(draft, this.file);
    // The rename itself is on disk once its folder is.
    const folder = openSync(dirname(this.file), 'r');
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
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
