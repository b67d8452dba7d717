import { write, writeSync } from 'node:fs';

/** Bytes that wait for a reader of standard output who has fallen behind, or for a full disk behind it; lines beyond them are left out. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
/** Milliseconds after which what was not taken is tried again: by a reader that is slow, by anything else. */
const SLOW_AGAIN_MS = 50;
const AGAIN_MS = 1000;
/** Times that the end of the process waits `SLOW_AGAIN_MS` for such a reader. */
const LAST_TRIES = 20;
/** Bytes that a pipe takes whole, so that lines of several processes are not mixed (POSIX, PIPE_BUF on Linux). */
const WHOLE_BYTES = 4096;
const NOTHING = Buffer.alloc(0);

/**
 * Standard output as a place for log lines. That it takes none (a full disk, a reader that is gone or stands still) neither ends the process, nor
 * holds up its end, nor fills its memory; how many lines were left out is told when it takes them again. pino's own does all three.
 */
export class StandardOutput {
  private waiting: string[] = [];
  /** What is being written, or could not be yet. */
  private rest: Buffer = NOTHING;
  private bytes = 0;
  private leftOut = 0;
  /** Lines that were left out since the process began. */
  leftOutTotal = 0;
  private state: 'idle' | 'writing' | 'resting' | 'gone' = 'idle';

  constructor(
    private readonly fd = 1,
    private readonly maxWaitingBytes = MAX_WAITING_BYTES,
    /** Other processes write to it too. */
    private readonly isShared = false,
  ) {}

  write(line: string): void {
    if (this.state === 'gone') return;
    const bytes = Buffer.byteLength(line);
    if (this.bytes + bytes > this.maxWaitingBytes) {
      this.leftOut += 1;
      this.leftOutTotal += 1;
      return;
    }
    this.waiting.push(line);
    this.bytes += bytes;
    if (this.state === 'idle') this.next();
  }

  /** What still waits goes out now, if it is taken: the process ends. */
  end(): void {
    // What is being written is out of reach; it takes a moment at most.
    if (this.state === 'writing') sleep(SLOW_AGAIN_MS);
    else if (this.state !== 'gone') this.waiting.unshift(this.rest.toString('utf8'));
    let last = Buffer.from(this.waiting.join(''));
    for (let tries = 0; last.byteLength > 0 && tries < LAST_TRIES;) {
      try {
        last = last.subarray(writeSync(this.fd, last));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
        tries += 1;
        sleep(SLOW_AGAIN_MS);
      }
    }
  }

  private next(): void {
    if (this.rest.byteLength === 0) this.take();
    if (this.rest.byteLength === 0) {
      this.state = 'idle';
      return;
    }
    this.state = 'writing';
    write(this.fd, this.rest, (error, written) => {
      if (error === null) {
        this.bytes -= written;
        this.rest = this.rest.subarray(written);
        this.next();
      } else if (error.code === 'EPIPE') this.giveUp();
      else {
        this.state = 'resting';
        setTimeout(() => this.next(), error.code === 'EAGAIN' ? SLOW_AGAIN_MS : AGAIN_MS).unref();
      }
    });
  }

  private take(): void {
    if (this.leftOut > 0 && this.waiting.length === 0) {
      const msg = `standard output did not take all: ${this.leftOut} lines are left out here`;
      this.leftOut = 0;
      this.write(`${JSON.stringify({ level: 'error', time: new Date().toISOString(), msg })}\n`);
    }
    const lines = this.isShared ? this.waiting.splice(0, this.countWhole()) : this.waiting.splice(0);
    this.rest = Buffer.from(lines.join(''));
  }

  /** Lines that go out as a whole; one at least. */
  private countWhole(): number {
    let bytes = 0;
    let count = 0;
    for (const line of this.waiting) {
      bytes += Buffer.byteLength(line);
      if (count > 0 && bytes > WHOLE_BYTES) break;
      count += 1;
    }
    return count;
  }

  /** Nobody will read it any more. */
  private giveUp(): void {
    this.state = 'gone';
    this.waiting = [];
    this.rest = NOTHING;
  }
}

let shared: StandardOutput | undefined;

/** The one of this process; `isShared` where other processes write to the same. */
export function standardOutput(isShared = false): StandardOutput {
  if (shared === undefined) {
    const output = new StandardOutput(1, MAX_WAITING_BYTES, isShared);
    process.once('exit', () => output.end());
    shared = output;
  }
  return shared;
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
