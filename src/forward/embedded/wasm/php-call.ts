import { isUtf8 } from 'node:buffer';
import { type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { type PhpCall } from './wasm-messages.js';

/** Headers that do not reach PHP: they are the connection's own, or (`proxy`) would become PHP's HTTP_PROXY (CVE-2016-5385). */
const withheld = new Set(['proxy', 'transfer-encoding', 'content-length', 'expect']);

/** Makes the request that PHP sees, as RFC 3875 and `php -S` name its parts, from the one that came. */
export function phpCall(request: IncomingMessage, body: Uint8Array<ArrayBuffer> | undefined, root: string): PhpCall {
  const requestUri = sameBytes(request.url ?? '/');
  const headers = joinedHeaders(request.rawHeaders);
  if (body !== undefined) headers['content-length'] = String(body.byteLength);
  const names = serverVariables(request, requestUri, headers, root);
  return { method: request.method ?? 'GET', requestUri, headers, server: names, body };
}

function serverVariables(
  request: IncomingMessage,
  requestUri: string,
  headers: Readonly<Record<string, string>>,
  root: string,
): Record<string, string> {
  const { localPort = 80, remotePort = 0 } = request.socket;
  const documentRoot = join(root, 'public');
  const { script, pathInfo } = splitScript(decodedPath(requestUri) ?? '/');
  const variables: Record<string, string> = {
    DOCUMENT_ROOT: documentRoot,
    SERVER_PROTOCOL: `HTTP/${request.httpVersion}`,
    SERVER_NAME: '127.0.0.1',
    SERVER_PORT: String(localPort),
    REMOTE_ADDR: '127.0.0.1',
    REMOTE_PORT: String(remotePort),
    SCRIPT_NAME: script,
    SCRIPT_FILENAME: join(script.startsWith('/api/') ? root : documentRoot, script),
    PHP_SELF: script + pathInfo,
  };
  if (pathInfo !== '') variables['PATH_INFO'] = pathInfo;
  for (const name of ['content-type', 'content-length'] as const) {
    const value = headers[name];
    if (value !== undefined) variables[`HTTP_${name.toUpperCase().replace('-', '_')}`] = value;
  }
  return { ...variables, ...basicCredentials(headers['authorization']) };
}

/** PHP gives the two parts of Basic credentials under names of their own. */
function basicCredentials(authorization: string | undefined): Record<string, string> {
  const encoded = /^basic\s+([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return {};
  const [user = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  return rest.length === 0 ? {} : { PHP_AUTH_USER: user, PHP_AUTH_PW: rest.join(':') };
}

function splitScript(path: string): { script: string; pathInfo: string } {
  if (path === '/') return { script: '/index.php', pathInfo: '' };
  const end = /\.php(?=\/|$)/.exec(path);
  const cut = end === null ? path.length : end.index + end[0].length;
  return { script: path.slice(0, cut), pathInfo: path.slice(cut) };
}

/** The path of a request target, percent-decoded; undefined when it cannot be decoded or climbs or holds a NUL. */
export function decodedPath(requestUri: string): string | undefined {
  try {
    const path = decodeURIComponent(requestUri.replace(/[?#].*$/s, ''));
    const isClean = path.startsWith('/') && !path.includes('\0') && !path.split(/[/\\]/).includes('..');
    return isClean ? path : undefined;
  } catch {
    return undefined;
  }
}

function joinedHeaders(raw: readonly string[]): Record<string, string> {
  const headers = new Map<string, string>();
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    if (withheld.has(name)) continue;
    const value = sameBytes(raw[index + 1] ?? '');
    const earlier = headers.get(name);
    headers.set(name, earlier === undefined ? value : `${earlier}${name === 'cookie' ? '; ' : ', '}${value}`);
  }
  return Object.fromEntries(headers);
}

/** Node reads header bytes as Latin-1, PHP is handed UTF-8: bytes that were UTF-8 stay the same bytes. */
function sameBytes(text: string): string {
  const bytes = Buffer.from(text, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : text;
}
