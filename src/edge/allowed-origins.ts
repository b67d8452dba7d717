/**
 * Why an origin may call. `own`: the gateway's own pages; `listed`: named in `ALLOWED_ORIGINS`; `anyone`: let in by `*` or
 * by `null`, which every sandboxed frame of every site sends, so that it says nothing of who asks.
 */
export type OriginGrant = 'own' | 'listed' | 'anyone';

/** `null`, or `scheme://host[:port]` and nothing besides: one origin as it is serialised (RFC 6454, section 6.2). */
const SERIALISED = /^[a-z][a-z\d+.-]*:\/\/(?:[^\s/?#@\\,:[\]]+|\[[\da-f:.]+\])(?::\d{1,5})?$/;

/** The origins that may call besides the gateway's own, as configured. */
export class AllowedOrigins {
  private readonly listed: ReadonlySet<string>;
  private readonly allowsAll: boolean;
  private readonly allowsNull: boolean;

  /** `allowed`: origins as browsers spell them, `null`, or `*`. */
  constructor(allowed: readonly string[]) {
    this.listed = new Set(allowed.filter((origin) => origin !== '*' && origin !== 'null'));
    this.allowsAll = allowed.includes('*');
    this.allowsNull = allowed.includes('null');
  }

  /**
   * Compares byte for byte: a browser has one spelling for each origin (lower case, no default port, punycode), and another
   * spelling is no browser's. `own`: the gateway's origin as the client addressed it, from `ownOrigin`.
   */
  grantFor(origin: string, own: string): OriginGrant | undefined {
    if (origin === own) return 'own';
    if (this.listed.has(origin)) return 'listed';
    if (origin === 'null') return this.allowsNull ? 'anyone' : undefined;
    return this.allowsAll && SERIALISED.test(origin) ? 'anyone' : undefined;
  }
}

/** The origin under which a client reached the gateway, spelt as its browser would: lower case, without the default port. */
export function ownOrigin(protocol: 'http' | 'https', authority: string): string {
  const defaultPort = protocol === 'https' ? ':443' : ':80';
  const spelt = authority.toLowerCase();
  return `${protocol}://${spelt.endsWith(defaultPort) ? spelt.slice(0, -defaultPort.length) : spelt}`;
}
