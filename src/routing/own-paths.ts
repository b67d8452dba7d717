import type { RouteInput } from './route-table.input.js';

/** Where the gateway's own pages are served instead of `/admin` and `/docs`. */
export interface OwnPaths {
  readonly admin: string;
  readonly docs: string;
}

/**
 * The path of a row as it is served. What the gateway itself answers below `/admin` and `/docs` moves to where ADMIN_PATH and DOCS_PATH
 * say; what has an upstream is the application's, and what a table has placed elsewhere stays there.
 */
export function servedPath({ match, handler, upstream }: RouteInput, paths: OwnPaths | undefined): string {
  const { path } = match;
  if (paths === undefined || handler === undefined || upstream !== undefined) return path;
  for (const name of ['admin', 'docs'] as const) {
    const written = `/${name}`;
    if (path === written || path.startsWith(`${written}/`)) return paths[name] + path.slice(written.length);
  }
  return path;
}
