import type { GatewayConfig } from '../../config/index.js';
import { GatewayError } from '../../contract/index.js';
import { callInternally, type Upstream, type Upstreams } from '../../forward/index.js';
import type { Exchange } from '../../trace/index.js';

/** A user as PHP knows him now. */
export interface Account {
  readonly subject: string;
  readonly roles: readonly string[];
  readonly email: string | undefined;
  readonly name: string | undefined;
  /** Changes with the password; '' where PHP tells none. */
  readonly credentials: string;
}

const NO_LOGIN = 'Signing in with e-mail and password is not offered here.';

/** The accounts of the PHP application that has sessions, asked about by signed calls; nothing is remembered. */
export class PhpAccounts {
  constructor(
    private readonly upstreams: Upstreams,
    private readonly identity: GatewayConfig['identity'],
  ) {}

  /**
   * What has become of a user; undefined when he is gone or disabled.
   * @throws GatewayError when PHP cannot be asked, or does not understand the question.
   */
  async find(subject: string, { traceId }: Exchange): Promise<Account | undefined> {
    const { upstream, settings } = this.withSessions();
    const call = { method: 'GET', path: settings.path, secret: this.identity.secret, traceId, about: subject } as const;
    const { status, body } = await callInternally(upstream, call);
    const data = field(body, 'data');
    // A PHP that does not know the question answers for a cookie that was not sent: it says nothing of this user.
    if (status !== 200 || field(data, 'about') !== subject) throw new GatewayError('UPSTREAM_BAD_ANSWER');
    const account = readAccount(data);
    if (account !== undefined && account.subject !== subject) throw new GatewayError('UPSTREAM_BAD_ANSWER');
    return account;
  }

  /**
   * Who an e-mail address and a password belong to.
   * @throws GatewayError UNAUTHENTICATED for nobody, RATE_LIMITED and VALIDATION_FAILED as PHP says it, else when PHP cannot be asked.
   */
  async signIn(email: string, password: string, { traceId, client }: Exchange): Promise<Account> {
    const { upstream, settings } = this.withSessions();
    if (settings.login === undefined) throw new GatewayError('UPSTREAM_UNAVAILABLE', { error: NO_LOGIN });
    const { status, body, retryAfter } = await callInternally(upstream, {
      method: 'POST',
      path: settings.login,
      secret: this.identity.secret,
      traceId,
      clientAddress: client.address,
      fields: { email, password },
    });
    if (status !== 200) throw toRefusal(status, retryAfter);
    const account = readAccount(field(body, 'data'));
    if (account === undefined) throw new GatewayError('UPSTREAM_BAD_ANSWER');
    return account;
  }

  private withSessions(): {
    readonly upstream: Upstream;
    readonly settings: NonNullable<Upstream['settings']['session']>;
  } {
    for (const upstream of this.upstreams.all()) {
      const { session: settings } = upstream.settings;
      if (settings !== undefined) return { upstream, settings };
    }
    throw new GatewayError('UPSTREAM_UNAVAILABLE', { error: NO_LOGIN });
  }
}

/** PHP's own words stay behind: which of the two was wrong is not to be told. */
function toRefusal(status: number, retryAfter: string | undefined): GatewayError {
  switch (status) {
    case 401:
      return new GatewayError('UNAUTHENTICATED', {
        error: 'E-mail or password is wrong.',
        headers: { 'WWW-Authenticate': 'Bearer realm="donna"' },
      });
    case 422:
      return new GatewayError('VALIDATION_FAILED', {
        validationErrors: { email: 'must be an e-mail address', password: 'must be text of at most 1024 bytes' },
      });
    case 429:
      return new GatewayError('RATE_LIMITED', {
        error: 'Too many attempts. Please wait a moment.',
        headers: { 'Retry-After': /^[1-9]\d{0,4}$/.test(retryAfter ?? '') ? (retryAfter ?? '') : '60' },
      });
    default:
      return new GatewayError('UPSTREAM_BAD_ANSWER');
  }
}

function readAccount(data: unknown): Account | undefined {
  const user = field(data, 'user');
  const id = field(user, 'id');
  if (typeof id !== 'string' || id === '') return undefined;
  const [roles, email, name, credentials] = [
    field(user, 'roles'),
    field(user, 'email'),
    field(user, 'name'),
    field(data, 'credentials'),
  ];
  return {
    subject: id,
    roles: Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [],
    email: typeof email === 'string' ? email : undefined,
    name: typeof name === 'string' ? name : undefined,
    credentials: typeof credentials === 'string' ? credentials : '',
  };
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
