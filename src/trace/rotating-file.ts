import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

export interface RotatingFileOptions {
  /** Absolute. */
  readonly path: string;
  /** Bytes that a file may hold; it also ends with its day (UTC). */
  readonly maxBytes: number;
  /** Days for which an ended file is kept. */
  readonly keepDays: number;
}

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants;
const DAY_MS = 86_400_000;
/** Milliseconds between two looks at whether another process has put a new file in this one's place. */
const LOOK_EVERY_MS = 1000;
/** Written by this process, that part of a whole file asks for a look too: how much others have written shows only there. */
const LOOK_EVERY_SHARE = 1 / 64;
/** Ended files beyond these go, however young: what floods the log must not fill the disk. */
const MAX_ENDED = 20;
const ENDED = /^\d{8}T\d{6}Z-\d+-[0-9a-f]+$/;

/**
 * A file that is written line by line and put aside by size and by day. Several processes may write to one: each line is one append, and who finds
 * the file replaced follows. Lines that the disk does not take go to `otherwise`, told once. Mode 0600; a link is refused.
 */
export class RotatingFile {
  private fd: number | undefined;
  private inode = 0;
  private size = 0;
  private day = 0;
  private lookedAt = 0;
  /** Bytes written since. */
  private unseen = 0;
  /** The disk took half a line: the next one begins anew. */
  private isTorn = false;
  private isFailing = false;

  /** @throws Error that says why the file cannot be used */
  constructor(
    private readonly options: RotatingFileOptions,
    private readonly otherwise: (line: string) => void,
  ) {
    this.open();
    this.removeOld();
  }

  write(line: string): void {
    try {
      this.prepare(Buffer.byteLength(line));
      this.append(line);
      if (this.isFailing) this.append(told('info', 'the log file can be written again'));
      this.isFailing = false;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
      if (!this.isFailing)
        this.otherwise(told('error', `the log file cannot be written (${code}): lines come here until it can`));
      this.isFailing = true;
      this.otherwise(line);
    }
  }

  close(): void {
    if (this.fd !== undefined) closeSync(this.fd);
    this.fd = undefined;
  }

  private prepare(bytes: number): void {
    const now = Date.now();
    const isDue =
      Math.abs(now - this.lookedAt) >= LOOK_EVERY_MS || this.unseen >= this.options.maxBytes * LOOK_EVERY_SHARE;
    if (this.fd !== undefined && isDue) {
      this.lookedAt = now;
      this.unseen = 0;
      if (lstatSync(this.options.path, { throwIfNoEntry: false })?.ino !== this.inode) this.close();
      else this.size = fstatSync(this.fd).size;
    }
    if (this.fd === undefined) this.open();
    if (this.size === 0 || (this.size + bytes <= this.options.maxBytes && dayOf(now) === this.day)) return;
    this.rotate(now);
  }

  private rotate(now: number): void {
    const { path } = this.options;
    // Another process may have done it meanwhile: then its new file is used.
    if (lstatSync(path, { throwIfNoEntry: false })?.ino === this.inode) {
      const stamp = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');
      // Random: two containers may have the same process id.
      moveAway(path, `${path}.${stamp}-${process.pid}-${randomBytes(4).toString('hex')}`);
    }
    this.close();
    this.open();
    this.removeOld();
  }

  private append(line: string): void {
    const bytes = Buffer.from(this.isTorn ? `\n${line}` : line);
    for (let done = 0; done < bytes.length;) {
      const written = writeSync(this.fd ?? -1, bytes, done);
      done += written;
      this.size += written;
      this.unseen += written;
      this.isTorn = done < bytes.length;
    }
    this.day = dayOf(Date.now());
  }

  private open(): void {
    const { path } = this.options;
    const fd = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
    const { ino, size, mtimeMs, nlink, mode } = fstatSync(fd);
    if ((mode & constants.S_IFMT) !== constants.S_IFREG || nlink > 1) {
      closeSync(fd);
      throw new Error('it is no file of its own');
    }
    if ((mode & 0o077) !== 0) fchmodSync(fd, 0o600);
    const day = dayOf(size === 0 ? Date.now() : mtimeMs);
    Object.assign(this, { fd, inode: ino, size, day, lookedAt: Date.now(), unseen: 0 });
  }

  private removeOld(): void {
    const { path, keepDays } = this.options;
    const prefix = `${basename(path)}.`;
    const oldest = Date.now() - keepDays * DAY_MS;
    try {
      readdirSync(dirname(path))
        .filter((name) => name.startsWith(prefix) && ENDED.test(name.slice(prefix.length)))
        .map((name) => join(dirname(path), name))
        .map((file) => ({ file, stat: lstatSync(file, { throwIfNoEntry: false }) }))
        .toSorted((a, b) => (b.stat?.mtimeMs ?? 0) - (a.stat?.mtimeMs ?? 0))
        .filter(({ stat }, index) => stat?.isFile() === true && (index >= MAX_ENDED || stat.mtimeMs < oldest))
        .forEach(({ file }) => unlinkSync(file));
    } catch {
      // Another process removes them too; what is left is tried at the next turn.
    }
  }
}

/** Where another process has been quicker there is nothing left to move. */
function moveAway(path: string, to: string): void {
  try {
    renameSync(path, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function dayOf(time: number): number {
  return Math.floor(time / DAY_MS);
}

function told(level: string, msg: string): string {
  return `${JSON.stringify({ level, time: new Date().toISOString(), msg })}\n`;
}
