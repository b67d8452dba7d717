import helmet from 'helmet';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { APPLICATION_DIRECTIVES, DATA_DIRECTIVES, type Directives, PERMISSIONS, REPORT_PATH } from './page-rules.js';

/** What the headers of an installation depend on. */
export interface SecurityOptions {
  /** Whether the PHP application's content security policy is enforced or only reported. */
  readonly mode: 'report-only' | 'enforce';
  /** Origins beside its own that the application's pages may connect to: the realtime provider's. */
  readonly connectTo?: readonly string[];
}

/** Security headers as flat lists name, value, …; computed once, then only written. */
export interface SecurityHeaders {
  /** Of every answer of the gateway's own: errors, preflights, JSON. Its policy lets nothing be loaded or embedded. */
  readonly overHttp: readonly string[];
  /** With Strict-Transport-Security, which means nothing over plain HTTP (RFC 6797, section 7.2). */
  readonly overHttps: readonly string[];
  /** What takes the place of `Content-Security-Policy` on the PHP application's pages. */
  readonly application: { readonly overHttp: readonly string[]; readonly overHttps: readonly string[] };
  /** Lower-case names of all of them: the upstream's own are dropped. */
  readonly names: ReadonlySet<string>;
}

export const CSP = 'Content-Security-Policy';
/** The group that `report-to` names in `Reporting-Endpoints` (Reporting API, section 3.2). */
const REPORT_GROUP = 'gateway-csp';
/** Older or weaker spellings of what the gateway sets: two policies of one kind contradict each other. */
const OTHER_SPELLINGS = [
  'content-security-policy',
  'content-security-policy-report-only',
  'x-content-security-policy',
  'x-webkit-csp',
  'feature-policy',
  'permissions-policy-report-only',
  'reporting-endpoints',
];

/** Lets helmet compute its headers. */
export function computeSecurityHeaders({ mode, connectTo = [] }: SecurityOptions): SecurityHeaders {
  const overHttps = run(
    helmet({
      contentSecurityPolicy: { useDefaults: false, directives: DATA_DIRECTIVES },
      crossOriginEmbedderPolicy: false,
      // Same-origin form posts must carry their Origin (helmet's default `no-referrer` makes it `null`).
      referrerPolicy: { policy: 'strict-origin-when-cross-origin' },
      strictTransportSecurity: { maxAge: 31_536_000, includeSubDomains: true },
      xPoweredBy: false,
    }),
  );
  overHttps.push('Permissions-Policy', PERMISSIONS);
  const overHttp: string[] = [];
  for (let i = 0; i < overHttps.length; i += 2) {
    const [name = '', value = ''] = overHttps.slice(i, i + 2);
    if (name.toLowerCase() !== 'strict-transport-security') overHttp.push(name, value);
  }
  const directives: Directives = {
    ...APPLICATION_DIRECTIVES,
    connectSrc: ["'self'", ...connectTo],
    reportUri: [REPORT_PATH],
  };
  const application = {
    overHttp: cspHeader(directives, mode),
    // A browser that knows `report-to` ignores `report-uri`, and takes endpoints over TLS alone: not over plain HTTP, then.
    overHttps: [
      ...cspHeader({ ...directives, reportTo: [REPORT_GROUP] }, mode),
      'Reporting-Endpoints',
      `${REPORT_GROUP}="${REPORT_PATH}"`,
    ],
  };
  const names = new Set(overHttps.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()));
  for (const name of OTHER_SPELLINGS) names.add(name);
  return { overHttp, overHttps, application, names };
}

/** A content security policy as helmet spells it: name, value. */
export function cspHeader(directives: Directives, mode: SecurityOptions['mode']): string[] {
  return run(
    helmet.contentSecurityPolicy({ useDefaults: false, reportOnly: mode === 'report-only', directives: directives }),
  );
}

function run(middleware: ReturnType<typeof helmet>): string[] {
  const flat: string[] = [];
  const answer = {
    setHeader: (name: string, value: string) => flat.push(name, value),
    removeHeader: () => undefined,
  };
  middleware({} as IncomingMessage, answer as unknown as ServerResponse, (error?: unknown) => {
    if (error !== undefined) throw new Error('helmet refused its options', { cause: error });
  });
  return flat;
}
