import { Controller, Header, Inject, Req } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { type Identity, JwtVerifier, Revocations } from '../../auth/index.js';
import { CONFIG, type GatewayConfig } from '../../config/index.js';
import { EnvelopeFields, GatewayError } from '../../contract/index.js';
import { NativeHandler } from '../../routing/index.js';
import { StateUnavailableError } from '../../state/index.js';
import { type Exchange, exchangeOf } from '../../trace/index.js';
import { parseRefreshToken } from './refresh-token.js';
import { readSentFields } from './sent-fields.js';
import { RevokeDto, TokenDto } from './token.dto.js';
import { cannotIssue, TokenService } from './token.service.js';

const ONE_WAY =
  'Send exactly one of: the session cookie of the PHP application, {refresh_token}, or {email, password}.';

/** Tokens for clients that keep no cookies, and for the WebSocket (contract, section 3). */
@Controller()
export class AuthTokenController {
  constructor(
    @Inject(CONFIG) private readonly config: GatewayConfig,
    @Inject(TokenService) private readonly tokens: TokenService,
    @Inject(JwtVerifier) private readonly jwt: JwtVerifier,
    @Inject(Revocations) private readonly revocations: Revocations,
  ) {}

  /** A session, a refresh token or a password → an access token and a refresh token. */
  @NativeHandler('auth.token')
  @Header('Cache-Control', 'no-store')
  token(@Req() req: IncomingMessage): Promise<EnvelopeFields> {
    return answering(async () => {
      if (this.config.jwt.secret === undefined) throw cannotIssue();
      const exchange = exchangeFor(req);
      const sent = readSentFields(exchange, TokenDto, ['email', 'password', 'refresh_token']);
      const { identity } = exchange;
      const isSignIn = sent.email !== undefined || sent.password !== undefined;
      const ways = [identity !== undefined, sent.refresh_token !== undefined, isSignIn].filter(Boolean).length;
      if (ways > 1) throw new GatewayError('BAD_REQUEST', { error: ONE_WAY });
      if (sent.refresh_token !== undefined) return this.tokens.forRefreshToken(sent.refresh_token, exchange);
      if (isSignIn) {
        const { email, password } = sent;
        if (email === undefined || password === undefined)
          throw new GatewayError('VALIDATION_FAILED', {
            validationErrors: { [email === undefined ? 'email' : 'password']: 'is required' },
          });
        return this.tokens.forPassword(email, password, exchange);
      }
      if (identity === undefined)
        throw new GatewayError('UNAUTHENTICATED', {
          error: ONE_WAY,
          headers: { 'WWW-Authenticate': 'Bearer realm="donna"' },
        });
      // Whose tokens were meant: those of the cookie's owner or of the bearer's?
      if (req.headers.authorization !== undefined)
        throw new GatewayError('BAD_REQUEST', { error: `${ONE_WAY} An access token makes no new one.` });
      return this.tokens.forSession(identity, exchange);
    });
  }

  /** RFC 7009 in spirit: who holds a token may end it; an administrator may end all of a person's. */
  @NativeHandler('auth.revoke')
  @Header('Cache-Control', 'no-store')
  revoke(@Req() req: IncomingMessage): Promise<EnvelopeFields> {
    return answering(async () => {
      const exchange = exchangeFor(req);
      const { token, subject } = readSentFields(exchange, RevokeDto, ['token', 'subject']);
      if (token !== undefined && subject === undefined) await this.revokeToken(token);
      else if (subject !== undefined && token === undefined) await this.revokeSubject(subject, exchange.identity);
      else throw new GatewayError('BAD_REQUEST', { error: 'Send exactly one of: {token}, {subject}.' });
      return { revoked: true };
    });
  }

  private async revokeSubject(subject: string, caller: Identity | undefined): Promise<void> {
    if (caller === undefined)
      throw new GatewayError('UNAUTHENTICATED', { headers: { 'WWW-Authenticate': 'Bearer realm="donna"' } });
    if (!caller.roles.includes('admin')) throw new GatewayError('FORBIDDEN');
    await this.tokens.endSubject(subject);
  }

  /** Says nothing of whether it was one: RFC 7009, section 2.2. */
  private async revokeToken(text: string): Promise<void> {
    const refreshToken = parseRefreshToken(text);
    if (refreshToken !== undefined) {
      await this.tokens.endSession(refreshToken);
      return;
    }
    const facts = (await this.jwt.verify(text))?.token;
    if (facts === undefined) return;
    // Somebody else may have issued it. Who is told that it is ended must be able to rely on it.
    if (facts.id === undefined)
      throw new GatewayError('VALIDATION_FAILED', {
        validationErrors: {
          token: 'has no jti, so that it cannot be ended alone: an administrator can end its {subject}',
        },
      });
    await this.revocations.revokeToken(facts.id, facts.expiresAt);
  }
}

async function answering(work: () => Promise<object>): Promise<EnvelopeFields> {
  try {
    return new EnvelopeFields({ ...(await work()) });
  } catch (error) {
    // What cannot be looked up is never taken for good.
    if (error instanceof StateUnavailableError)
      throw new GatewayError('UPSTREAM_UNAVAILABLE', {
        error: 'Tokens cannot be checked at the moment. Try again in a moment.',
        headers: { 'Retry-After': '2' },
      });
    throw error;
  }
}

function exchangeFor(req: IncomingMessage): Exchange {
  const exchange = exchangeOf(req);
  if (exchange === undefined) throw new GatewayError('INTERNAL');
  return exchange;
}
