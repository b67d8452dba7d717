import { signIdentity } from '../auth/index.js';
import type { Exchange } from '../trace/index.js';
import type { ForwardPlan } from './forward.step.js';
import type { UpstreamRequest } from './forwarders/forwarder.js';
import type { Target } from './upstream/target.js';
import { transformRequestHeaders } from './transforms/request-headers.js';

/** What this exchange asks of PHP: the raw path under the target's base, the cleaned headers, the signed identity. `call`: its place in the timeline. */
export function toUpstreamRequest(
  exchange: Exchange,
  plan: ForwardPlan,
  target: Target,
  body: UpstreamRequest['body'],
  call: number,
): UpstreamRequest {
  const { upstream, rules } = plan;
  const path = target.basePath + exchange.path;
  const identity = upstream.settings.identity
    ? signIdentity(plan.identitySecret, exchange.identity ?? 'anonymous', exchange.method, path, {
        isSignatureVerified: exchange.isSignatureVerified,
        isAgain: exchange.isAgain,
        keepAs: exchange.keepAs,
      })
    : undefined;
  return {
    method: exchange.method,
    path: path + exchange.search,
    body,
    headers: transformRequestHeaders(exchange.req.rawHeaders, {
      host: target.keepsPublicHost ? exchange.authority : target.host,
      publicHost: exchange.authority,
      protocol: exchange.client.protocol,
      clientAddress: exchange.client.address,
      traceId: exchange.traceId,
      traceparent: exchange.timeline.traceparentFor(call, exchange.trace.traceparent),
      keepsTraceState: exchange.trace.parentSpan !== undefined,
      identity,
      dropsAuthorization: exchange.identity?.via === 'jwt',
      dropsMethodOverride: (exchange.route?.match.methods.length ?? 0) > 0,
      wantsPlainAnswer: rules.policies.envelope !== 'off',
      via: plan.via,
    }),
  };
}

/** Headers as `IncomingMessage.headers` holds them, for what reads them there; equal names become a list, so that none is lost. */
export function toHeaderObject(headers: readonly string[]): Record<string, string | string[]> {
  const object = Object.create(null) as Record<string, string | string[]>;
  for (let i = 0; i < headers.length; i += 2) {
    const name = (headers[i] ?? '').toLowerCase();
    const value = headers[i + 1] ?? '';
    const known = object[name];
    object[name] = known === undefined ? value : Array.isArray(known) ? [...known, value] : [known, value];
  }
  return object;
}
