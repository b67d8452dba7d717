import { mediaTypeOf } from '../../contract/index.js';
import { CSP, type SecurityHeaders } from '../../edge/index.js';
import type { RoutePolicies } from '../../routing/index.js';
import type { SecretWatch } from '../../secrets/index.js';
import { LIMIT_FIELDS } from '../../throttle/index.js';
import type { Exchange } from '../../trace/index.js';
import type { AnswerHeaderContext, TransformedHeaders } from '../transforms/answer-headers.js';
import type { Target } from '../upstream/target.js';
import type { Upstream } from '../upstream/upstream.js';
import { isJsonType, isTextType } from './media-type.js';

const NO_NAMES: ReadonlySet<string> = new Set();
/** Fields of limits: the gateway's alone, on a route where it counts. */
const LIMIT_NAMES = LIMIT_FIELDS.map((name) => name.toLowerCase());
/** Statuses whose answers have no body (RFC 9110, section 15). */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** How a route wants its upstream's answers treated; compiled once per route. */
export class RouteAnswerRules {
  private readonly gatewayOnly: ReadonlySet<string>;
  private readonly upstreams: AnswerHeaderContext['upstreams'];

  constructor(
    readonly policies: RoutePolicies,
    private readonly upstream: Upstream,
    private readonly security: SecurityHeaders,
    readonly secrets: SecretWatch,
    /** PHP may tell where its time went: in development, to those who develop. */
    keepsTimings: boolean,
  ) {
    const names = policies.securityHeaders === 'gateway' ? security.names : NO_NAMES;
    this.gatewayOnly = new Set([
      ...names,
      ...(policies.rateLimit.length === 0 ? [] : LIMIT_NAMES),
      ...(keepsTimings ? [] : ['server-timing']),
    ]);
    this.upstreams = upstream.targets.map(({ host, basePath }) => ({ host, basePath }));
  }

  /** What the header transform must know for this request. */
  headerContext(exchange: Exchange, target: Target): AnswerHeaderContext {
    return {
      replacesCors: this.policies.cors === 'gateway',
      gatewayOnly: this.gatewayOnly,
      upstreams: this.upstreams,
      upstreamHosts: this.upstream.hostnames,
      publicAuthority: exchange.authority,
      publicProtocol: exchange.client.protocol,
      upstreamIsSecure: target.isSecure,
      upstreamBasePath: target.basePath,
    };
  }

  /**
   * The gateway's headers for an answer of PHP's: those of its own answers, but with the application's content security
   * policy where PHP may have sent a page, and without `Vary`, which the transform has joined with PHP's. Where the route
   * leaves security headers to PHP, none of these.
   */
  gatewayHeaders({ answerHeaders, client }: Exchange, contentType: string | undefined): readonly string[] {
    const { securityHeaders, cors } = this.policies;
    const kept: string[] = [];
    const isPage = !isJsonType(contentType);
    for (let i = 0; i < answerHeaders.length; i += 2) {
      const name = answerHeaders[i] ?? '';
      if (name === 'Vary' && cors === 'gateway') continue;
      if (securityHeaders === 'upstream' && this.security.names.has(name.toLowerCase())) continue;
      if (isPage && name === CSP)
        kept.push(...this.security.application[client.protocol === 'https' ? 'overHttps' : 'overHttp']);
      else kept.push(name, answerHeaders[i + 1] ?? '');
    }
    return kept;
  }

  /** Whether the route wants JSON and this answer will never end: nothing to wait for. */
  isEndless(contentType: string | undefined): boolean {
    return (
      this.policies.answers === 'json' &&
      this.policies.envelope !== 'off' &&
      mediaTypeOf(contentType) === 'text/event-stream'
    );
  }

  /** Whether the answer must be read whole: it may be JSON whose envelope is ours to make right, or a failure to translate. */
  mustRead(status: number, { contentType, isPart }: TransformedHeaders, method: string): boolean {
    if (this.policies.envelope === 'off' || method === 'HEAD' || BODILESS.has(status)) return false;
    if (status === 206 || isPart) return false;
    if (status >= 300 && status < 400) return false;
    return this.wouldChange(contentType);
  }

  /** Whether a body of this type might come out of the gateway with another length. */
  wouldChange(contentType: string | undefined): boolean {
    if (this.policies.envelope === 'off') return false;
    if (contentType === undefined || this.policies.answers === 'json') return true;
    return isJsonType(contentType) || isTextType(contentType);
  }
}
