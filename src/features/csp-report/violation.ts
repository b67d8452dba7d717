/** One kind of breach: what was blocked, by which directive, on which page. Nothing in it names a person. */
export interface CspViolation {
  readonly disposition: 'enforce' | 'report';
  /** The directive that was breached, e.g. `script-src-elem`. */
  readonly directive: string;
  /** The origin of what was blocked, its scheme (`data:`), or a keyword such as `inline`. */
  readonly blocked: string;
  /** The page's path, without query. */
  readonly documentPath: string;
}

/** What a browser's report says, in one shape for both formats. */
interface Told {
  readonly document: unknown;
  readonly blocked: unknown;
  readonly directive: unknown;
  readonly disposition: unknown;
  readonly source: unknown;
}

/** Reports that one request may bring; Chromium sends up to a few together. */
const MAX_REPORTS = 20;
const MAX_PATH = 200;
const MAX_URL = 2048;
/** CSP 3, section 6, and its companions: whatever else calls itself a directive is made up. */
const DIRECTIVES = new Set(
  (
    'default-src child-src connect-src font-src frame-src img-src manifest-src media-src object-src prefetch-src ' +
    'script-src script-src-elem script-src-attr style-src style-src-elem style-src-attr worker-src fenced-frame-src ' +
    'base-uri sandbox form-action frame-ancestors navigate-to trusted-types require-trusted-types-for'
  ).split(' '),
);
const KEYWORD = /^[a-z-]{1,32}$/;
/** Scripts and styles that the visitor's own extensions put into the page: no fault of the site's. */
const OF_THE_BROWSER = /^(?:[a-z]+-(?:web-)?extension|chrome|resource|about|webkit-masked-url)(?::|$)/i;

/**
 * Reads what a browser reported: `{"csp-report": {…}}` (CSP 2, section 4.4) or an array of reports (Reporting API, section
 * 4.2). Undefined when it is neither. Reports of other kinds, of other documents than those of `host`, of browser
 * extensions, and those that no browser would write are left out.
 */
export function readViolations(body: unknown, host: string): readonly CspViolation[] | undefined {
  const told = readTold(body);
  return told?.slice(0, MAX_REPORTS).flatMap((one) => {
    const violation = toViolation(one, host);
    return violation === undefined ? [] : [violation];
  });
}

function readTold(body: unknown): readonly Told[] | undefined {
  if (Array.isArray(body)) {
    const reports = body as readonly unknown[];
    return reports.every(isObject) ? reports.slice(0, MAX_REPORTS).flatMap(fromReport) : undefined;
  }
  if (!isObject(body)) return undefined;
  const legacy = body['csp-report'];
  if (legacy === undefined) return typeof body['type'] === 'string' ? fromReport(body) : undefined;
  if (!isObject(legacy)) return undefined;
  return [
    {
      document: legacy['document-uri'],
      blocked: legacy['blocked-uri'],
      // Older browsers repeat the sources after the directive's name.
      directive: legacy['effective-directive'] ?? firstWord(legacy['violated-directive']),
      disposition: legacy['disposition'],
      source: legacy['source-file'],
    },
  ];
}

function fromReport(report: Readonly<Record<string, unknown>>): readonly Told[] {
  const { type, body } = report;
  if (type !== 'csp-violation' || !isObject(body)) return [];
  return [
    {
      document: body['documentURL'],
      blocked: body['blockedURL'],
      directive: body['effectiveDirective'],
      disposition: body['disposition'],
      source: body['sourceFile'],
    },
  ];
}

function toViolation(
  { document, blocked, directive, disposition, source }: Told,
  host: string,
): CspViolation | undefined {
  if (typeof directive !== 'string' || !DIRECTIVES.has(directive)) return undefined;
  if (typeof source === 'string' && OF_THE_BROWSER.test(source)) return undefined;
  const page = parseHttp(document);
  if (page === undefined || page.host !== host) return undefined;
  const what = nameBlocked(blocked);
  if (what === undefined) return undefined;
  return {
    disposition: disposition === 'enforce' ? 'enforce' : 'report',
    directive,
    blocked: what,
    documentPath: page.pathname.split('/').map(generalise).join('/').slice(0, MAX_PATH),
  };
}

/** Numbers, e-mail addresses and tokens in a path name a person or one thing: the pattern is what the policy's author needs. */
function generalise(segment: string): string {
  const isOneOfMany = /^\d+$|@|%40/i.test(segment) || (segment.length > 20 && /\d/.test(segment));
  return isOneOfMany ? '*' : segment;
}

/** A keyword as it is, an address without what follows its origin; undefined for what is the browser's own, or nothing. */
function nameBlocked(blocked: unknown): string | undefined {
  // CSP 2: an inline breach blocks no address.
  if (blocked === '' || blocked === undefined || blocked === null) return 'inline';
  if (typeof blocked !== 'string' || blocked.length > MAX_URL || OF_THE_BROWSER.test(blocked)) return undefined;
  if (KEYWORD.test(blocked)) return blocked;
  if (!URL.canParse(blocked)) return undefined;
  const { protocol, origin, host } = new URL(blocked);
  if (origin !== 'null') return origin;
  return host === '' ? protocol.slice(0, 32) : `${protocol}//${host}`;
}

function parseHttp(value: unknown): URL | undefined {
  if (typeof value !== 'string' || value.length > MAX_URL || !URL.canParse(value)) return undefined;
  const url = new URL(value);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined;
}

function firstWord(value: unknown): unknown {
  return typeof value === 'string' ? value.split(' ', 1)[0] : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
