import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const VERSION = 1;

/** What was set at run time and is kept in the embedded database, in a file besides (JSON, mode 0600) that appears complete or not at all. */
export class OverrideSnapshot<Override> {
  constructor(
    private readonly file: string,
    private readonly isOverride: (value: unknown) => value is Override,
  ) {}

  /** Undefined when there is none that can be trusted: missing, damaged, or a change was begun and not finished. */
  read(): readonly Override[] | undefined {
    try {
      const document = JSON.parse(readFileSync(this.file, 'utf8')) as Record<string, unknown>;
      const { version, isFinished, overrides } = document;
      if (version !== VERSION || isFinished !== true || !Array.isArray(overrides)) return undefined;
      return overrides.every((override) => this.isOverride(override)) ? overrides : undefined;
    } catch {
      return undefined;
    }
  }

  write(overrides: readonly Override[]): void {
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
