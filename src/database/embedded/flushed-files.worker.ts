/** Part of the thread of the embedded Postgres, and run as it stands too: erasable syntax only, nothing imported from beside it. */
import { NodeFS } from '@electric-sql/pglite/nodefs';
import { closeSync, fdatasyncSync, fsyncSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Where a folder, or a file system, cannot be flushed. */
const NOT_FLUSHED: ReadonlySet<unknown> = new Set(['EINVAL', 'EISDIR', 'ENOTSUP', 'EPERM']);

/**
 * The files of an embedded database, with a flush that reaches the disk: PGlite's own does nothing, so that a machine that lost its
 * power lost what was acknowledged. A flush that fails throws through the engine, which ends its thread: what the disk has is not
 * known then, and the next start reads it from the log.
 */
export class FlushedFiles extends NodeFS {
  override async init(...[pg, options]: Parameters<NodeFS['init']>): ReturnType<NodeFS['init']> {
    const { emscriptenOpts } = await super.init(pg, options);
    const { preRun = [] } = emscriptenOpts;
    const giveFlush: (typeof preRun)[number] = ({ NODEFS }) => {
      const fsync = ({ nfd }: { readonly nfd: number }): number => {
        flush(nfd, fdatasyncSync);
        return 0;
      };
      Reflect.set(Reflect.get(NODEFS, 'stream_ops') as object, 'fsync', fsync);
    };
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...preRun, giveFlush] } };
  }
}

/** Flushes a folder with all that is in it. @throws a system error */
export function flushFolder(path: string): void {
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  for (const { parentPath, name } of entries) flushPath(join(parentPath, name));
  flushPath(path);
}

/** Flushes one file, or the names in a folder. @throws a system error */
export function flushPath(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    flush(descriptor, fsyncSync);
  } finally {
    closeSync(descriptor);
  }
}

function flush(descriptor: number, flushFile: (descriptor: number) => void): void {
  try {
    flushFile(descriptor);
  } catch (error) {
    if (!NOT_FLUSHED.has((error as NodeJS.ErrnoException).code)) throw error;
  }
}
