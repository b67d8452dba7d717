import { type FSWatcher, unwatchFile, watch, watchFile } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Editors write a file in several steps: the change is read when it has been quiet this long. */
const QUIET_MS = 150;
/** How often the file itself is looked at: for changes behind a symbolic link and file systems that report none. */
const LOOK_MS = 1000;

/**
 * Calls back when a file has changed, also when it was replaced by a rename (which is why its folder is watched) or
 * stands behind a symbolic link that now points elsewhere (as Kubernetes mounts a ConfigMap).
 */
export class RouteFileWatcher {
  private watcher: FSWatcher | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly file: string,
    private readonly onChange: () => void,
  ) {}

  start(): void {
    watchFile(this.file, { interval: LOOK_MS, persistent: false }, this.note);
    try {
      this.watcher = watch(dirname(this.file), { persistent: false }, (_event, name) => {
        if (name === null || name === basename(this.file)) this.note();
      });
      this.watcher.on('error', () => this.watcher?.close());
    } catch {
      // The system has no watches left (ENOSPC): looking now and then will do.
    }
  }

  stop(): void {
    clearTimeout(this.timer);
    unwatchFile(this.file, this.note);
    this.watcher?.close();
  }

  private readonly note = (): void => {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.onChange, QUIET_MS);
    this.timer.unref();
  };
}
