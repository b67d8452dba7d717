import type { SecurityHeaders } from '../edge/index.js';
import type { RoutePolicies } from '../routing/index.js';
import type { Exchange } from '../trace/index.js';
import type { AnswerHeaderContext, TransformedHeaders } from './transforms/answer-headers.js';
import type { Target } from './target.js';
import type { Upstream } from './upstream.js';

/** The type under which JSON is served, whatever PHP called it. */
export const JSON_TYPE = 'application/json; charset=utf-8';

const NO_NAMES: ReadonlySet<string> = new Set();

/** How a route wants its upstream's answers treated; compiled once per route. */
export class RouteAnswerRules {
  private readonly gatewayOnly: ReadonlySet<string>;
  private readonly upstreams: AnswerHeaderContext['upstreams'];

  constructor(
    readonly policies: RoutePolicies,
    private readonly upstream: Upstream,
    private readonly security: SecurityHeaders,
  ) {
    this.gatewayOnly = policies.securityHeaders === 'gateway' ? security.names : NO_NAMES;
    this.upstreams = upstream.targets.map(({ host, basePath }) => ({ host, basePath }));
  }

  /** What the header transform must know for this request. */
  headerContext(exchange: Exchange, target: Target): AnswerHeaderContext {
    const { protocol } = exchange.client;
    return {
      replacesCors: this.policies.cors === 'gateway',
      gatewayOnly: this.gatewayOnly,
      upstreams: this.upstreams,
      publicOrigin: `${protocol}://${exchange.authority}`,
      upstreamHosts: this.upstream.hostnames,
      publicHost: exchange.authority.replace(/:\d+$/, '').toLowerCase(),
      publicProtocol: protocol,
      upstreamIsSecure: target.isSecure,
      upstreamBasePath: target.basePath,
    };
  }

  /** The gateway's own headers; without those security headers that PHP set itself, where the route leaves them to PHP. */
  gatewayHeaders(exchange: Exchange, answer: TransformedHeaders | undefined): readonly string[] {
    const own = exchange.answerHeaders;
    if (this.policies.securityHeaders === 'gateway' || answer === undefined) return own;
    const kept: string[] = [];
    for (let i = 0; i < own.length; i += 2) {
      const name = own[i] ?? '';
      const lower = name.toLowerCase();
      if (this.security.names.has(lower) && answer.names.has(lower)) continue;
      kept.push(name, own[i + 1] ?? '');
    }
    return kept;
  }

  /** Whether the answer must be read whole: it may be JSON whose envelope is ours to make right, or a failure to translate. */
  mustRead(status: number, { contentType, names }: TransformedHeaders, method: string): boolean {
    if (this.policies.envelope === 'off' || method === 'HEAD' || status === 204 || status === 304) return false;
    if (status === 206 || names.has('content-range')) return false;
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

export function isJsonType(contentType: string | undefined): boolean {
  const type = mediaType(contentType);
  return type === 'application/json' || type === 'text/json' || type.endsWith('+json');
}

/** Types under which old PHP has been seen to send JSON. */
export function isTextType(contentType: string | undefined): boolean {
  const type = mediaType(contentType);
  return (
    type === '' ||
    type === 'text/html' ||
    type === 'text/plain' ||
    type === 'text/javascript' ||
    type === 'application/javascript'
  );
}

function mediaType(contentType: string | undefined): string {
  return (contentType?.split(';', 1)[0] ?? '').trim().toLowerCase();
}
