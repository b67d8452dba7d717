import { Controller, Header, Inject, Req } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { CONFIG, type GatewayConfig } from '../../config/index.js';
import { EnvelopeFields, GatewayError } from '../../contract/index.js';
import { NativeHandler } from '../../routing/index.js';
import { type Exchange, exchangeOf } from '../../trace/index.js';
import { RealtimeMetrics } from '../realtime-metrics.js';
import { ClientSecretIssuer } from './client-secret.issuer.js';
import type { ClientSecret } from './client-secret.js';
import { readTokenRequest } from './token-request.dto.js';

type Call = IncomingMessage & { readonly body?: unknown };

/** `/api/realtime/token`: a client secret for whoever is somebody and comes from this site. */
@Controller()
export class RealtimeTokenController {
  private readonly isLocal: boolean;
  private readonly model: string;

  constructor(
    @Inject(CONFIG) { environment, realtime }: GatewayConfig,
    @Inject(ClientSecretIssuer) private readonly issuer: ClientSecretIssuer,
    @Inject(RealtimeMetrics) private readonly metrics: RealtimeMetrics,
  ) {
    this.isLocal = environment === 'development' || environment === 'test';
    this.model = realtime.model;
  }

  @NativeHandler('realtime.token')
  @Header('Cache-Control', 'no-store')
  async issue(@Req() req: Call): Promise<EnvelopeFields> {
    const exchange = identified(exchangeOf(req));
    // A session's cookie comes along by itself: its caller must show where from. A bearer token does not.
    if (exchange.identity?.via === 'php-session' && req.headers.origin === undefined)
      throw new GatewayError('ORIGIN_DENIED', {
        error: 'A request with a session cookie needs an Origin; without one send an access token.',
      });
    return this.answer(exchange, req.body);
  }

  /** In development a browser's tab shows that nothing shadows the address; elsewhere a GET must not make secrets. */
  @NativeHandler('realtime.token.show')
  @Header('Cache-Control', 'no-store')
  async show(@Req() req: Call): Promise<EnvelopeFields> {
    if (!this.isLocal) throw new GatewayError('METHOD_NOT_ALLOWED', { headers: { Allow: 'POST, OPTIONS' } });
    const exchange = identified(exchangeOf(req));
    const from = req.headers['sec-fetch-site'] ?? 'none';
    if (exchange.identity?.via === 'php-session' && from !== 'none' && from !== 'same-origin')
      throw new GatewayError('ORIGIN_DENIED');
    return this.answer(exchange, undefined);
  }

  private async answer(exchange: Exchange, body: unknown): Promise<EnvelopeFields> {
    const wanted = readTokenRequest(body, this.model);
    const left = new AbortController();
    exchange.res.once('close', () => left.abort());
    const askedAt = performance.now();
    let outcome = 'internal';
    try {
      const secret = await this.issuer.issue(wanted, {
        traceId: exchange.traceId,
        timeoutMs: exchange.route?.policies.timeoutMs ?? 10_000,
        left: left.signal,
      });
      outcome = 'issued';
      return toAnswer(secret);
    } catch (error) {
      if (left.signal.aborted) outcome = 'client_closed';
      else if (error instanceof GatewayError) outcome = error.code.toLowerCase();
      throw error;
    } finally {
      this.metrics.tokenAsked(outcome, performance.now() - askedAt);
    }
  }
}

/** The fields twice: old clients read `client_secret`, those of OpenAI's GA shape `value` at the top. */
function toAnswer({ value, expiresAt, session }: ClientSecret): EnvelopeFields {
  return new EnvelopeFields({
    client_secret: { value, expires_at: expiresAt },
    value,
    expires_at: expiresAt,
    session,
  });
}

/** Whatever the route's policies say: nobody in particular gets no secret. */
function identified(exchange: Exchange | undefined): Exchange {
  if (exchange?.identity === undefined)
    throw new GatewayError('UNAUTHENTICATED', { headers: { 'WWW-Authenticate': 'Bearer realm="donna"' } });
  return exchange;
}
