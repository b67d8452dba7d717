import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Editors write a file in several steps: the change is read when it has been quiet this long. */
const QUIET_MS = 150;

/** Calls back when a file has changed, also when it was replaced by a rename (which is why its folder is watched). */
export class RouteFileWatcher {
  private watcher: FSWatcher | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly file: string,
    private readonly onChange: () => void,
  ) {}

  start(): void {
    this.watcher = watch(dirname(this.file), { persistent: false }, (_event, name) => {
      if (name !== null && name !== basename(this.file)) return;
      clearTimeout(this.timer);
      this.timer = setTimeout(this.onChange, QUIET_MS);
    });
    this.watcher.on('error', () => this.stop());
  }

  stop(): void {
    clearTimeout(this.timer);
    this.watcher?.close();
  }
}
