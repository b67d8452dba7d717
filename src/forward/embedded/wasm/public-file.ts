import { realpath, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { decodedPath } from './php-call.js';

/** A file that may be sent as it is. */
export interface PublicFile {
  readonly path: string;
  readonly size: number;
  readonly contentType: string;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.avif': 'image/avif',
  '.css': 'text/css; charset=UTF-8',
  '.csv': 'text/csv; charset=UTF-8',
  '.gif': 'image/gif',
  '.htm': 'text/html; charset=UTF-8',
  '.html': 'text/html; charset=UTF-8',
  '.ico': 'image/x-icon',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=UTF-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.mjs': 'text/javascript; charset=UTF-8',
  '.mp3': 'audio/mpeg',
  '.mp4': 'video/mp4',
  '.ogg': 'audio/ogg',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=UTF-8',
  '.wasm': 'application/wasm',
  '.wav': 'audio/wav',
  '.webm': 'video/webm',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
  '.xml': 'application/xml',
};

/** PHP source in all the spellings that servers run, and what a reader of source would want. */
const neverSent = /\.(php\d*|phtml|phar|phps|inc|ini|sql|log)$/i;

/** The file below `publicFolder` that a request target names; undefined for what is not there or must not be sent. */
export async function findPublicFile(publicFolder: string, requestUri: string): Promise<PublicFile | undefined> {
  const path = await resolveBelow(publicFolder, requestUri);
  if (path === undefined || neverSent.test(path)) return undefined;
  const found = await stat(path);
  if (!found.isFile()) return undefined;
  const contentType = contentTypes[extname(path).toLowerCase()] ?? 'application/octet-stream';
  return { path, size: found.size, contentType };
}

/** The public `.php` page that a request target names, as `php -S` would run it; undefined when there is none. */
export async function findPublicPage(publicFolder: string, requestUri: string): Promise<string | undefined> {
  const wanted = decodedPath(requestUri) === '/' ? '/index.php' : requestUri;
  const path = await resolveBelow(publicFolder, wanted);
  return path?.endsWith('.php') === true && (await stat(path)).isFile() ? path : undefined;
}

async function resolveBelow(publicFolder: string, requestUri: string): Promise<string | undefined> {
  const path = decodedPath(requestUri);
  if (path === undefined || path.split(/[/\\]/).some((segment) => segment.startsWith('.'))) return undefined;
  try {
    const folder = await realpath(publicFolder);
    const resolved = await realpath(join(folder, path));
    // A symbolic link may not lead out of the public folder.
    return resolved.startsWith(folder + sep) ? resolved : undefined;
  } catch {
    return undefined;
  }
}
