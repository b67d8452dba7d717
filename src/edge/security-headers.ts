import helmet from 'helmet';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Security headers of every answer, as a flat list name, value, …; computed once, then only written. */
export interface SecurityHeaders {
  readonly overHttp: readonly string[];
  /** With Strict-Transport-Security, which means nothing over plain HTTP (RFC 6797, section 7.2). */
  readonly overHttps: readonly string[];
  /** Lower-case names of all of them: the upstream's own are dropped. */
  readonly names: ReadonlySet<string>;
}

const PERMISSIONS = 'camera=(), geolocation=(), microphone=(self), payment=(), usb=()';

/** Lets helmet compute its headers. `csp`: whether the content security policy is enforced or only reported. */
export function computeSecurityHeaders(csp: 'report-only' | 'enforce'): SecurityHeaders {
  const overHttps = run(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        reportOnly: csp === 'report-only',
        directives: {
          defaultSrc: ["'self'"],
          baseUri: ["'self'"],
          connectSrc: ["'self'"],
          fontSrc: ["'self'"],
          formAction: ["'self'"],
          frameAncestors: ["'self'"],
          imgSrc: ["'self'", 'data:'],
          mediaSrc: ["'self'", 'blob:', 'data:'],
          objectSrc: ["'none'"],
          scriptSrc: ["'self'"],
          styleSrc: ["'self'"],
        },
      },
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
  const names = new Set(overHttps.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()));
  // Both spellings of a content security policy are the gateway's to set.
  names.add('content-security-policy').add('content-security-policy-report-only');
  return { overHttp, overHttps, names };
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
