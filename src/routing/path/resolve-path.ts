import { decodePercent } from './percent.js';

/** A request path as PHP's server would resolve it, or why it is not served. */
export type ResolvedPath =
  | {
      readonly kind: 'path';
      /** Canonical, for matching only: decoded once, dot segments and doubled slashes resolved, lower case. */
      readonly path: string;
      /** The canonical path up to and including the first segment that runs as PHP; null when there is none. */
      readonly script: string | null;
      /** What follows the script. */
      readonly pathInfo: string;
      /** Raw query with its `?`, or ''. */
      readonly search: string;
    }
  | { readonly kind: 'refused'; readonly reason: string };

/** Only these characters, no doubled slash, no dot at a segment's start: the path is canonical as it stands. */
const PLAIN = /^\/$|^(?:\/[a-z0-9_~-][a-z0-9._~-]*)+\/?$/;
/** What runs as PHP: `.php`, and the spellings that a file system without case, or Windows, takes for it. */
const SCRIPT_SEGMENT = /\.php$/;

/**
 * Resolves the path of a request target in origin-form as nginx, Apache, `php -S` and forgiving file systems would, so that
 * policies are matched on what will be executed. The raw target is what goes on to PHP; this is for matching only.
 * Refused are spellings that servers read differently: NUL and control bytes, broken percent-encoding, `..` above the root
 * or hidden behind path parameters or a script, overlong UTF-8.
 */
export function resolvePath(target: string): ResolvedPath {
  const query = target.indexOf('?');
  const raw = query === -1 ? target : target.slice(0, query);
  const search = query === -1 ? '' : target.slice(query);
  const canonical = PLAIN.test(raw) && !endsInDot(raw) ? raw : canonicalPath(raw);
  if (typeof canonical !== 'string') return { kind: 'refused', reason: canonical.reason };
  const script = findScript(canonical);
  if (canonical !== raw && isLookAlike(canonical, script))
    return { kind: 'refused', reason: 'The path imitates a script with look-alike or doubly encoded characters.' };
  return {
    kind: 'path',
    path: canonical,
    script,
    pathInfo: script === null ? '' : canonical.slice(script.length),
    search,
  };
}

function endsInDot(path: string): boolean {
  return path.includes('./') || path.endsWith('.');
}

function findScript(path: string): string | null {
  if (!path.includes('.php')) return null;
  let end = 0;
  for (;;) {
    const next = path.indexOf('/', end + 1);
    const segmentEnd = next === -1 ? path.length : next;
    if (SCRIPT_SEGMENT.test(path.slice(end, segmentEnd))) return path.slice(0, segmentEnd);
    if (next === -1) return null;
    end = next;
  }
}

const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu;

interface Refusal {
  readonly reason: string;
}

function canonicalPath(raw: string): string | Refusal {
  if (!raw.startsWith('/')) return { reason: 'The path must begin with a slash.' };
  if (raw.includes('#')) return { reason: 'The path must not contain "#": write %23.' };
  const decoded = decodePercent(raw);
  if (decoded === undefined) return { reason: 'The path has broken percent-encoding: write a percent sign as %25.' };
  if (hasControl(decoded)) return { reason: 'The path must not contain control characters.' };
  // Overlong UTF-8 spells "/" and "." in bytes that only some servers decode (CVE-2000-0884 and its kin).
  if (/[\xc0\xc1]|\xe0[\x80-\x9f]|\xf0[\x80-\x8f]/.test(decoded)) return { reason: 'The path is not valid UTF-8.' };
  return resolveSegments(toText(decoded).replaceAll('\\', '/').toLowerCase());
}

function hasControl(bytes: string): boolean {
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes.charCodeAt(i);
    if (byte < 0x20 || byte === 0x7f) return true;
  }
  return false;
}

/** Bytes as the characters a route's author writes; what is no UTF-8 (legacy Latin-1 links) stays one character a byte. */
function toText(bytes: string): string {
  if (!/[^\0-\x7f]/.test(bytes)) return bytes;
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  return text.includes('\ufffd') ? bytes : text.normalize('NFC');
}

/**
 * Whether another script would run where a file system folds characters into ASCII (full-width letters, the long s, the
 * zero-width ones that HFS+ skips: CVE-2014-9390), or where a server decodes once more.
 */
function isLookAlike(path: string, script: string | null): boolean {
  const again = path.includes('%') ? decodePercent(path) : path;
  const folded = (again ?? path).normalize('NFKC').replace(IGNORABLE, '');
  if (folded === path) return false;
  if (/\.php[\0?]/i.test(folded)) return true;
  const other = resolveSegments(folded.replaceAll('\\', '/').toLowerCase());
  if (typeof other === 'string') return findScript(other) !== script;
  // Climbs when read again: harmless behind the same script (PATH_INFO) only.
  return script === null || !folded.startsWith(script);
}

function resolveSegments(path: string): string | Refusal {
  const kept: string[] = [];
  let isInScript = false;
  const segments = path.split('/').slice(1);
  for (const [i, segment] of segments.entries()) {
    const plain = plainSegment(segment);
    // A question mark decoded into a script's name: rewriting servers run what stands before it (CVE-2024-38474).
    const question = segment.indexOf('?');
    if (question !== -1 && SCRIPT_SEGMENT.test(plainSegment(segment.slice(0, question))))
      return { reason: 'The path must not hide a question mark behind a script.' };
    if (plain === '..') {
      if (segment !== '..') return { reason: 'The path must not hide ".." in a longer segment.' };
      // Servers that leave PATH_INFO alone run the script; those that resolve it first run another one.
      if (isInScript) return { reason: 'The path must not climb out of a script.' };
      if (kept.pop() === undefined) return { reason: 'The path leads above the root.' };
    } else if (plain !== '' && plain !== '.') {
      kept.push(plain);
      isInScript ||= SCRIPT_SEGMENT.test(plain);
    }
    // A trailing slash (also behind `/.` and `/..`) means a folder: it stays, as one.
    if (i === segments.length - 1 && (plain === '' || plain === '.' || plain === '..') && kept.length > 0)
      kept.push('');
  }
  return `/${kept.join('/')}`;
}

/** A segment without path parameters (`;…`), NTFS streams (`::$data`), and the dots and spaces that Windows drops at its end. */
function plainSegment(segment: string): string {
  const semicolon = segment.indexOf(';');
  let plain = semicolon === -1 ? segment : segment.slice(0, semicolon);
  const stream = plain.indexOf('::$');
  if (stream !== -1) plain = plain.slice(0, stream);
  if (plain === '.' || plain === '..') return plain;
  const trimmed = withoutTail(plain);
  // Nothing but dots and spaces, such as "...", ". ." or ".. ": some systems take it for a parent folder.
  if (trimmed === '' && plain !== '') return plain.replaceAll(' ', '') === '.' ? '.' : '..';
  return trimmed;
}

/** Without the dots and spaces at its end; an expression such as `[. ]+$` takes quadratic time on a run of dots. */
function withoutTail(segment: string): string {
  let end = segment.length;
  while (end > 0 && (segment[end - 1] === '.' || segment[end - 1] === ' ')) end -= 1;
  return segment.slice(0, end);
}
