import { CONTEXT_BYTES, type PatternSet } from './pattern-set.js';

const EMPTY = Buffer.alloc(0);

/**
 * Searches an answer as it passes. Bytes are given back as soon as nothing that begins in them can be completed by bytes
 * to come: what is kept is never longer than the longest pattern, and mostly nothing at all.
 */
export class SecretScan {
  /** Name of what was found. Nothing is given back any more, and nothing of it has been. */
  found: string | undefined;
  private held = EMPTY;
  private before = EMPTY;

  constructor(private readonly patterns: PatternSet) {}

  /** Takes the next bytes and gives back those that may go out. */
  push(chunk: Buffer): Buffer {
    return this.advance(this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]), false);
  }

  /** What was kept back, now that nothing follows. */
  end(): Buffer {
    return this.advance(this.held, true);
  }

  /** Whether bytes are kept back. */
  get isUndecided(): boolean {
    return this.held.length > 0;
  }

  private advance(bytes: Buffer, isLast: boolean): Buffer {
    if (this.found !== undefined) return EMPTY;
    const { pattern, undecided } = this.patterns.search(bytes, this.before, isLast);
    if (pattern !== undefined) {
      this.found = pattern.name;
      this.held = EMPTY;
      return EMPTY;
    }
    const free = bytes.subarray(0, undecided);
    // Copied: a few bytes are not to keep a whole chunk in memory.
    this.held = undecided < bytes.length ? Buffer.from(bytes.subarray(undecided)) : EMPTY;
    if (free.length >= CONTEXT_BYTES) this.before = Buffer.from(free.subarray(-CONTEXT_BYTES));
    else if (free.length > 0) this.before = Buffer.concat([this.before, free]).subarray(-CONTEXT_BYTES);
    return free;
  }
}
