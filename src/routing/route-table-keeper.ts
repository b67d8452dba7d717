import { readFileSync } from 'node:fs';
import type { Logger } from '../trace/index.js';
import { loadRouteTable, type LoadOptions } from './load-route-table.js';
import type { RouteTable } from './route.js';
import { RouteTableError } from './route-file.js';
import { RouteFileWatcher } from './route-file-watcher.js';

/** A table that was in use before this process began. */
export interface LastGoodTable {
  readonly text?: string | undefined;
  readonly onGood?: ((text: string) => void) | undefined;
}

/** Keeps the route table in use up to date with its file; a bad file changes nothing and says so. */
export class RouteTableKeeper {
  private readonly watcher: RouteFileWatcher;
  private text = '';
  /** Reloads by how they ended; a file without a change is none. */
  readonly reloads = { success: 0, failure: 0 };
  /** When a table was last taken into use; Unix milliseconds. */
  lastGoodAt = 0;
  /** Whether the file, as it was when it was last read, is what is in use. */
  isCurrent = false;

  constructor(
    private readonly options: LoadOptions,
    private readonly use: (table: RouteTable) => void,
    private readonly logger: Logger,
    /** For several processes with one table: what stands in where the file is bad, and who hears of a text that is good. */
    private readonly lastGood: LastGoodTable = {},
  ) {
    this.watcher = new RouteFileWatcher(options.file, () => this.reload());
  }

  /** Loads the table for the first time and watches its file from then on. @throws RouteTableError */
  start(): void {
    const { text: lastGood } = this.lastGood;
    try {
      this.text = readFileSync(this.options.file, 'utf8');
      this.use(loadRouteTable(this.text, this.options));
      this.noteGood();
    } catch (error) {
      if (lastGood === undefined) throw error;
      this.logger.error({ why: whyNot(error) }, 'route table not loaded: the last good one is used');
      this.text = lastGood;
      this.use(loadRouteTable(lastGood, this.options));
      this.lastGoodAt = Date.now();
    }
    this.watcher.start();
  }

  /** Takes the file's new content into use, if there is any and it is good. */
  reload(): void {
    try {
      const text = readFileSync(this.options.file, 'utf8');
      if (text === this.text) {
        // A change that was bad has been taken back.
        this.isCurrent = true;
        return;
      }
      const table = loadRouteTable(text, this.options);
      this.use(table);
      this.text = text;
      this.reloads.success += 1;
      this.noteGood();
      this.logger.info({ routes: table.routes.length }, 'route table reloaded');
    } catch (error) {
      this.reloads.failure += 1;
      this.isCurrent = false;
      this.logger.error({ why: whyNot(error) }, 'route table not reloaded: the last good one stays in use');
    }
  }

  private noteGood(): void {
    this.lastGoodAt = Date.now();
    this.isCurrent = true;
    this.lastGood.onGood?.(this.text);
  }

  stop(): void {
    this.watcher.stop();
  }
}

/** For the log, which tells no stack: a fault of the table with its lines, or the system's code (ENOENT, EACCES). */
function whyNot(error: unknown): string {
  if (error instanceof RouteTableError) return error.message;
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === undefined ? 'the table cannot be taken into use' : `the file cannot be read: ${code}`;
}
