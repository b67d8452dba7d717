import { createHmac, randomBytes } from 'node:crypto';
import { type Identity, makeAccessToken, type Revocations } from '../../auth/index.js';
import type { GatewayConfig } from '../../config/index.js';
import { GatewayError } from '../../contract/index.js';
import type { Exchange, Logger } from '../../trace/index.js';
import type { Account, PhpAccounts } from './php-accounts.js';
import type { RefreshFamilies } from './refresh-families.store.js';
import { parseRefreshToken, type RefreshToken, sessionIdOf } from './refresh-token.js';

// What an access token may hold to be accepted again (auth/access-token.ts).
const MAX_TEXT = 255;
const MAX_ROLES = 64;
const MAX_ROLE = 64;

/** RFC 6749, section 5.1. */
export interface TokenAnswer {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  /** Seconds. */
  readonly expires_in: number;
  readonly refresh_token: string;
}

/** Gives out and ends tokens. What it is handed was checked by the controller; what it hands back goes to the client alone. */
export class TokenService {
  constructor(
    private readonly settings: GatewayConfig['jwt'],
    private readonly families: RefreshFamilies,
    private readonly accounts: PhpAccounts,
    private readonly revocations: Revocations,
    private readonly logger: Logger,
  ) {}

  /** For the user of a PHP session, as he is now. */
  async forSession({ subject }: Identity, exchange: Exchange): Promise<TokenAnswer> {
    const account = await this.accounts.find(subject, exchange);
    if (account === undefined) throw new GatewayError('UNAUTHENTICATED');
    return this.begin(account);
  }

  /** For who knows the password. */
  async forPassword(email: string, password: string, exchange: Exchange): Promise<TokenAnswer> {
    return this.begin(await this.accounts.signIn(email, password, exchange));
  }

  /** For a refresh token, which is used up by it. PHP is asked first: while it is silent the token stays good. */
  async forRefreshToken(text: string, exchange: Exchange): Promise<TokenAnswer> {
    const token = parseRefreshToken(text);
    if (token === undefined) throw invalidToken();
    const held = await this.families.look(token);
    if (held === 'unknown') throw invalidToken();
    if (held === 'reused') return this.refuseReuse(token, exchange);
    const { sessionId, subject, credentials, begunAt } = held;
    if (this.revocations.isRevoked({ sessionId, subject, issuedAt: begunAt })) return this.refuse(sessionId);
    const account = await this.accounts.find(subject, exchange);
    if (account === undefined || account.credentials !== credentials) {
      this.logger.warn({ traceId: exchange.traceId, session: sessionId }, 'auth.refresh.user-gone');
      return this.refuse(sessionId);
    }
    const next = await this.families.rotate(token);
    if (next === 'unknown') throw invalidToken();
    if (next === 'reused') return this.refuseReuse(token, exchange);
    return this.answer(account, sessionId, next.token);
  }

  /** Ends the sign-in that a refresh token belongs to, with its access tokens. */
  async endSession(token: RefreshToken): Promise<void> {
    const sessionId = sessionIdOf(token);
    // Only of a family that is there: else anybody could fill the list of revocations.
    if ((await this.families.look(token)) !== 'unknown') await this.end(sessionId);
  }

  /** Ends every sign-in of a subject and all his access tokens. */
  async endSubject(subject: string): Promise<void> {
    await this.revocations.revokeSubject(subject);
    await this.families.endAllOf(subject);
  }

  private async begin(account: Account): Promise<TokenAnswer> {
    if (account.subject.length > MAX_TEXT) throw new GatewayError('UPSTREAM_BAD_ANSWER');
    const { sessionId, token, dropped } = await this.families.begin(account.subject, account.credentials);
    for (const old of dropped) await this.revocations.revokeSession(old);
    return this.answer(account, sessionId, token);
  }

  private answer(account: Account, sessionId: string, refreshToken: string): TokenAnswer {
    const { secret, accessTokenTtlS, issuer, audience } = this.settings;
    if (secret === undefined) throw cannotIssue();
    const { subject, roles, email, name } = account;
    const access_token = makeAccessToken(secret, {
      subject,
      roles: roles.filter(({ length }) => length <= MAX_ROLE).slice(0, MAX_ROLES),
      email: short(email),
      name: short(name),
      lifeS: accessTokenTtlS,
      issuer,
      audience,
      id: randomBytes(16).toString('base64url'),
      sessionId,
    });
    return { access_token, token_type: 'Bearer', expires_in: accessTokenTtlS, refresh_token: refreshToken };
  }

  private async refuseReuse(token: RefreshToken, { traceId }: Exchange): Promise<never> {
    const session = sessionIdOf(token);
    this.logger.warn({ traceId, session }, 'auth.refresh.reuse: a used refresh token came again, its sign-in is ended');
    return this.refuse(session);
  }

  private async refuse(sessionId: string): Promise<never> {
    await this.end(sessionId);
    throw invalidToken();
  }

  /** The access tokens first: what is left of a family whose end fails can still be refused. */
  private async end(sessionId: string): Promise<void> {
    await this.revocations.revokeSession(sessionId);
    await this.families.end(sessionId);
  }
}

/** From the secret of the access tokens, so that there is one thing less to configure; never the secret itself. */
export function successorKey(secret: string): Buffer {
  return createHmac('sha256', secret).update('donna-gateway: successors of refresh tokens').digest();
}

/** Access tokens of others are verified, but none can be made. */
export function cannotIssue(): GatewayError {
  return new GatewayError('UPSTREAM_UNAVAILABLE', {
    error: 'This gateway issues no tokens. Its operator has to set JWT_SECRET.',
  });
}

/** One answer for whatever does not hold. RFC 6750, section 3.1. */
function invalidToken(): GatewayError {
  return new GatewayError('UNAUTHENTICATED', {
    error: 'The refresh token does not hold. Sign in again.',
    headers: { 'WWW-Authenticate': 'Bearer realm="donna", error="invalid_token"' },
  });
}

function short(text: string | undefined): string | undefined {
  return text !== undefined && text.length <= MAX_TEXT ? text : undefined;
}
