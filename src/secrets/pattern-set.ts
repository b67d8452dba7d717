import { endianness } from 'node:os';
import type { ByteSet, SecretPattern } from './secret-pattern.js';

/** Bytes before a match that decide whether something begins there: as many as the longest escape, `\u0022`. */
export const CONTEXT_BYTES = 6;
const PAIRS = 65_536;
const IS_LITTLE_ENDIAN = endianness() === 'LE';
const FIRST = 1;
const SECOND = 2;
const BACKSLASH = 0x5c;
const PERCENT = 0x25;
const LOWER_U = 0x75;

/** What a search found; `undecided` is where the first thing begins that the bytes to come may complete. */
export interface Finding {
  pattern: SecretPattern | undefined;
  undecided: number;
}

/**
 * Many patterns, looked for in one pass that looks at pairs of bytes: every second pair is either the first or the second
 * of a pattern's head, or it is passed over. Measured against four other ways in test/bench/secret-scan.bench.mjs.
 */
export class PatternSet {
  /** By a pair of bytes: {@link FIRST} where it begins a head, {@link SECOND} where it ends one. */
  private readonly pairs = new Uint8Array(PAIRS);
  /** By a pair of bytes: the place in {@link lists} of the patterns that begin with it; 0 for none. */
  private readonly listOf = new Uint16Array(PAIRS);
  private readonly lists: SecretPattern[][] = [[]];
  private readonly firstBytes = new Uint8Array(256);

  constructor(private readonly patterns: readonly SecretPattern[]) {
    for (const pattern of patterns) {
      for (const [first, second] of pairsOf(pattern, 0)) {
        const pair = pairOf(first, second);
        this.firstBytes[first] = 1;
        this.pairs[pair] = (this.pairs[pair] ?? 0) | FIRST;
        this.enlist(pair, pattern);
      }
      for (const [first, second] of pairsOf(pattern, 1)) {
        const pair = pairOf(first, second);
        this.pairs[pair] = (this.pairs[pair] ?? 0) | SECOND;
      }
    }
  }

  /** Looks through `bytes`, which follow `before` (at most {@link CONTEXT_BYTES}); `isLast`: nothing follows them. */
  search(bytes: Buffer, before: Buffer, isLast: boolean): Finding {
    const finding: Finding = { pattern: undefined, undecided: bytes.length };
    const { pairs } = this;
    // Read two bytes at a time, which asks for an even address: a first byte left out is met again as part of a head.
    const start = bytes.byteOffset & 1;
    const words = new Uint16Array(bytes.buffer, bytes.byteOffset + start, Math.max(0, (bytes.length - start) >> 1));
    for (let word = 0; word < words.length; word++) {
      const kind = pairs[words[word] ?? 0] ?? 0;
      if (kind === 0) continue;
      const at = start + 2 * word;
      if ((kind & SECOND) !== 0 && at > 0 && this.isFound(finding, bytes, at - 1, before, isLast)) return finding;
      if ((kind & FIRST) !== 0 && this.isFound(finding, bytes, at, before, isLast)) return finding;
    }
    if (!isLast) this.lookAtEnd(finding, bytes, before);
    return finding;
  }

  private enlist(pair: number, pattern: SecretPattern): void {
    const known = this.listOf[pair] ?? 0;
    if (known !== 0) this.lists[known]?.push(pattern);
    else this.listOf[pair] = this.lists.push([pattern]) - 1;
  }

  private isFound(finding: Finding, bytes: Buffer, at: number, before: Buffer, isLast: boolean): boolean {
    const list = this.lists[this.listOf[pairOf(bytes[at] ?? 0, bytes[at + 1] ?? 0)] ?? 0] ?? [];
    for (let i = 0; i < list.length; i++) {
      const pattern = list[i];
      if (pattern === undefined || !mayBeginAt(pattern, bytes, at, before)) continue;
      const verdict = pattern.match(bytes, at, isLast);
      if (verdict === 'no') continue;
      if (verdict === 'match') {
        finding.pattern = pattern;
        return true;
      }
      finding.undecided = Math.min(finding.undecided, at);
    }
    return false;
  }

  /** At the last two bytes there may stand less of a head than the pass looks at. */
  private lookAtEnd(finding: Finding, bytes: Buffer, before: Buffer): void {
    for (let at = Math.max(0, bytes.length - 2); at < bytes.length; at++) {
      if (this.firstBytes[bytes[at] ?? 0] !== 1) continue;
      const isBegun = this.patterns.some(
        (pattern) => pattern.match(bytes, at, false) === 'more' && mayBeginAt(pattern, bytes, at, before),
      );
      if (isBegun) finding.undecided = Math.min(finding.undecided, at);
    }
  }
}

/** Two bytes as this machine reads them from memory. */
function pairOf(first: number, second: number): number {
  return IS_LITTLE_ENDIAN ? (second << 8) | first : (first << 8) | second;
}

function pairsOf({ head }: SecretPattern, at: number): readonly (readonly [number, number])[] {
  const seconds = membersOf(head[at + 1]);
  return membersOf(head[at]).flatMap((first) => seconds.map((second) => [first, second] as const));
}

function membersOf(set: ByteSet | undefined): readonly number[] {
  const members: number[] = [];
  // A plain loop: each start of a gateway asks for hundreds.
  for (let byte = 0; byte < (set?.length ?? 0); byte++) if (set?.[byte] === 1) members.push(byte);
  return members;
}

function mayBeginAt({ notAfter }: SecretPattern, bytes: Buffer, at: number, before: Buffer): boolean {
  if (notAfter === undefined) return true;
  if (notAfter[byteBefore(bytes, at, before, 1)] !== 1) return true;
  // `\n`, `%3D` and `\u0022` end in what looks like a word and are none.
  if (byteBefore(bytes, at, before, 2) === BACKSLASH || byteBefore(bytes, at, before, 3) === PERCENT) return true;
  return byteBefore(bytes, at, before, 6) === BACKSLASH && byteBefore(bytes, at, before, 5) === LOWER_U;
}

function byteBefore(bytes: Buffer, at: number, before: Buffer, distance: number): number {
  return (distance <= at ? bytes[at - distance] : before[before.length - (distance - at)]) ?? 0;
}
