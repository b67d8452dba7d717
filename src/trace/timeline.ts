// The global of the same name is found anew by each use.
import { performance } from 'node:perf_hooks';
import { randomHex } from './trace-context.js';

/** Entries of one timeline; of what comes after them only the number is kept. The last few are for steps. */
const MAX_ENTRIES = 56;
const MAX_CALLS = 50;
/** Numbers of one entry: what it is (word, note, depth), when it began, when it ended (milliseconds of `performance.now()`). */
const ENTRY_SIZE = 3;
const ALL = MAX_ENTRIES * ENTRY_SIZE;
const ALL_CALLS = MAX_CALLS * ENTRY_SIZE;
/** Sheets that are kept for the next timelines; each is 1.3 KB. */
const MAX_SPARE = 512;
const MAX_BRANCHES = 4;
/** Powers of two: an entry is taken apart with shifts. */
const NOTE_FACTOR = 0x4000;
const DEPTH_FACTOR = NOTE_FACTOR * NOTE_FACTOR;
/** The end of what has none yet, or, of a step, has it where the next one begins. */
const OPEN = -1;
const NOWHERE = -1;

const spare: Float64Array[] = [];

/** What one timeline has noted, once it is closed. */
export interface Sheet {
  readonly numbers: Float64Array;
  readonly length: number;
  /** Entries beyond the bound. */
  readonly left: number;
}

/** Where the sheet of a closed timeline is kept. */
export interface SheetPlace {
  numbers: Float64Array | undefined;
  length: number;
  left: number;
}

/** One entry as it was noted; `to` is undefined for what had no end. */
export interface Entry {
  /** As `begin` returned it. */
  readonly place: number;
  readonly word: number;
  readonly note: number;
  readonly depth: number;
  readonly from: number;
  readonly to: number | undefined;
}

/**
 * What happened to one request, and when: steps follow one another (depth 0), calls lie within them (1), parts of a call in those (2).
 * It holds numbers and words of the program, nothing of the request, and takes no note any more once it is closed. Most steps take
 * microseconds, and reading the clock costs a part of one: they share the reading before them.
 */
export class Timeline {
  /** Work for the same request that goes its own way, and may begin and end after it. */
  branches: Branch[] | undefined;
  /** Hears of each branch that ends after this timeline was closed. */
  whenBranchEnds: ((branch: Branch) => void) | undefined;
  /** The place of the call to PHP that has the span of the request's own `traceparent`, and the spans of those after it. */
  ownCall = NOWHERE;
  otherCalls: Map<number, string> | undefined;
  private numbers: Float64Array | undefined;
  private length = 0;
  private left = 0;
  private isClosed = false;
  /** The clock when it was read last. */
  last: number;
  private current = NOWHERE;
  private isTimed = false;

  constructor(
    readonly startedAt: number,
    private readonly isBranch = false,
  ) {
    this.last = startedAt;
  }

  /** The clock, read anew: what begins next, begins then. */
  now(): number {
    return (this.last = performance.now());
  }

  /**
   * The next step begins, and the one before it is over. A negative word is that of a step with a reading of its own.
   * @returns its place
   */
  step(word: number): number {
    const isTimed = word < 0;
    if (isTimed || this.isTimed) this.now();
    this.isTimed = isTimed;
    return (this.current = this.put(isTimed ? -word : word, this.last, OPEN, ALL));
  }

  /** The step at this place waits for something: from now on, what passes is its own time. */
  wait(place: number): void {
    if (place !== this.current || this.isTimed || place < 0 || this.numbers === undefined) return;
    this.numbers[place + 1] = this.now();
    this.isTimed = true;
  }

  /** A call begins within the step under way. @returns its place, for `end`; -1 where it is not kept */
  begin(word: number, depth: 1 | 2, from = this.now(), note = 0): number {
    return this.put(word + note * NOTE_FACTOR + depth * DEPTH_FACTOR, from, OPEN, ALL_CALLS);
  }

  /** `note`: a code of `codeOfWord` that says more of it. */
  end(place: number, to = this.now(), note = 0): void {
    if (place < 0 || this.numbers === undefined || this.numbers[place + 2] !== OPEN) return;
    this.numbers[place + 2] = to;
    if (note > 0) this.say(place, note);
  }

  /** A call within the step under way that is over already. */
  add(word: number, depth: 1 | 2, from: number, to: number, note = 0): void {
    this.put(word + note * NOTE_FACTOR + depth * DEPTH_FACTOR, from, to, ALL_CALLS);
  }

  /** Says more of an entry. */
  say(place: number, note: number): void {
    const what = this.numbers?.[place];
    if (what === undefined || this.numbers === undefined) return;
    const word = what % NOTE_FACTOR;
    this.numbers[place] = word + note * NOTE_FACTOR + Math.floor(what / DEPTH_FACTOR) * DEPTH_FACTOR;
  }

  /** The `traceparent` for the call at this place: the request's own for the first one, with a span of its own for any other. */
  traceparentFor(place: number, own: string): string {
    if (this.ownCall < 0 && !this.isBranch && place >= 0) {
      this.ownCall = place;
      return own;
    }
    const span = randomHex(8);
    if (place >= 0 && !this.isClosed) (this.otherCalls ??= new Map()).set(place, span);
    return `${own.slice(0, 36)}${span}${own.slice(52)}`;
  }

  /** Work beside the request's own will come, perhaps after its end. To be said before that. */
  expectBranches(): void {
    this.branches ??= [];
  }

  /** Work beside the request's own, on the same behalf. @returns undefined where none was expected, or there is too much of it */
  branch(kind: Branch['kind']): Branch | undefined {
    if (this.branches === undefined || this.branches.length >= MAX_BRANCHES) return undefined;
    const branch: Branch = { kind, of: this, timeline: new Timeline(performance.now(), true), ended: undefined };
    this.branches.push(branch);
    return branch;
  }

  /** What is noted so far; undefined where that is nothing. */
  get sheet(): Sheet | undefined {
    const { numbers, length, left } = this;
    return numbers === undefined ? undefined : { numbers, length, left };
  }

  /** Takes no more notes, and keeps what it has. */
  seal(): void {
    this.isClosed = true;
  }

  /** Takes no more notes, and has none any more: they are in the sheet, which goes into `place`, whose own is free then. */
  closeInto(place: SheetPlace): void {
    if (place.numbers !== undefined) returnNumbers(place.numbers);
    place.numbers = this.numbers;
    place.length = this.length;
    place.left = this.left;
    this.isClosed = true;
    this.numbers = undefined;
  }

  /** Takes no more notes, and nobody reads what it has. */
  drop(): void {
    if (this.numbers !== undefined) returnNumbers(this.numbers);
    this.isClosed = true;
    this.numbers = undefined;
  }

  private put(what: number, from: number, to: number, bound: number): number {
    if (this.isClosed) return NOWHERE;
    const at = this.length;
    if (at >= bound) {
      this.left += 1;
      return NOWHERE;
    }
    const numbers = (this.numbers ??= spare.pop() ?? new Float64Array(ALL));
    numbers[at] = what;
    numbers[at + 1] = from;
    numbers[at + 2] = to;
    this.length = at + ENTRY_SIZE;
    return at;
  }
}

/** Work for a request beside its own way: what a mirror asks once more, what the cache fetches anew. */
export interface Branch {
  readonly kind: 'candidate' | 'control again' | 'refresh';
  readonly of: Timeline;
  readonly timeline: Timeline;
  /** Undefined as long as it goes on. `status` is undefined where there was no answer. */
  ended: { readonly at: number; readonly status: number | undefined } | undefined;
}

/** The branch is over: its timeline takes no more notes. */
export function endBranch(branch: Branch, status: number | undefined): void {
  if (branch.ended !== undefined) return;
  branch.timeline.seal();
  branch.ended = { at: performance.now(), status };
  branch.of.whenBranchEnds?.(branch);
}

/** Of numbers that nobody reads any more: they are written over. */
function returnNumbers(numbers: Float64Array): void {
  if (spare.length < MAX_SPARE) spare.push(numbers);
}

/** The entries of a sheet, in the order in which they were noted: their places are multiples of `ENTRY_SIZE`. */
export function readEntries({ numbers, length }: Sheet): Entry[] {
  const entries: Entry[] = [];
  for (let at = 0; at < length; at += ENTRY_SIZE) {
    const what = numbers[at] ?? 0;
    const to = numbers[at + 2] ?? OPEN;
    entries.push({
      place: at,
      word: what % NOTE_FACTOR,
      note: Math.floor((what % DEPTH_FACTOR) / NOTE_FACTOR),
      depth: Math.floor(what / DEPTH_FACTOR),
      from: numbers[at + 1] ?? 0,
      to: to === OPEN ? undefined : to,
    });
  }
  return entries;
}
