import { REVOKE_URL, TOKEN_URL } from './addresses.js';
import { ApiError, toApiError } from './api-error.js';

const KEY = 'donna-access-token';
/** A token is renewed when this share of its life is over. */
const RENEW_AT = 0.8;
/** The longest time that a browser's timer can wait, in ms. */
const MAX_TIMER = 2_147_483_647;

interface TokenAnswer {
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly expires_in: number;
}

/**
 * The access token of this tab: it outlives a reload (sessionStorage), and no other tab sees it. The refresh token stays in memory
 * alone: what a script could steal ends within minutes.
 */
export class TokenKeeper {
  private refreshToken: string | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private renewal: Promise<boolean> | undefined;

  get token(): string | undefined {
    try {
      return sessionStorage.getItem(KEY) ?? undefined;
    } catch {
      return this.held;
    }
  }

  private held: string | undefined;

  /** Takes a token that somebody pasted: it cannot be renewed. */
  take(token: string): void {
    this.forget();
    this.keep(token);
  }

  /** @throws ApiError when the password is wrong, or no tokens are made here */
  async signIn(email: string, password: string): Promise<void> {
    this.use(await askToken({ email, password }));
  }

  /**
   * One renewal at a time. @returns whether there is a new token
   * @throws ApiError when nobody could say: the refresh token may still hold, and is kept
   */
  renew(): Promise<boolean> {
    this.renewal ??= this.askRenewal().finally(() => {
      this.renewal = undefined;
    });
    return this.renewal;
  }

  /** Ends the tokens at the gateway too, as far as it can be reached. */
  async signOut(): Promise<void> {
    const ended = [this.refreshToken, this.token].filter((token) => token !== undefined);
    this.forget();
    await Promise.all(ended.map((token) => post(REVOKE_URL, { token }).catch(() => undefined)));
  }

  forget(): void {
    clearTimeout(this.timer);
    this.refreshToken = undefined;
    this.held = undefined;
    try {
      sessionStorage.removeItem(KEY);
    } catch {
      // Nothing was kept there.
    }
  }

  private async askRenewal(): Promise<boolean> {
    if (this.refreshToken === undefined) return false;
    try {
      this.use(await askToken({ refresh_token: this.refreshToken }));
      return true;
    } catch (error) {
      if (error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status >= 500)) throw error;
      return false;
    }
  }

  private use(answer: TokenAnswer): void {
    this.keep(answer.access_token);
    this.refreshToken = answer.refresh_token;
    clearTimeout(this.timer);
    // What fails now is tried again by the first call that is refused.
    this.timer = setTimeout(
      () => void this.renew().catch(() => undefined),
      Math.min(answer.expires_in * 1000 * RENEW_AT, MAX_TIMER),
    );
  }

  private keep(token: string): void {
    this.held = token;
    try {
      sessionStorage.setItem(KEY, token);
    } catch {
      // Lost with a reload.
    }
  }
}

/** The subject that a token names, unverified: only to be shown to whoever brought it. */
export function subjectOf(token: string | undefined): string | undefined {
  try {
    const [, payload = ''] = (token ?? '').split('.');
    const text = atob(payload.replaceAll('-', '+').replaceAll('_', '/'));
    const claims: unknown = JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (c) => c.charCodeAt(0))));
    const subject = typeof claims === 'object' && claims !== null && 'sub' in claims ? claims.sub : undefined;
    return typeof subject === 'string' ? subject : undefined;
  } catch {
    return undefined;
  }
}

async function askToken(fields: object): Promise<TokenAnswer> {
  const answer = await post(TOKEN_URL, fields);
  const body: unknown = await answer.json().catch(() => undefined);
  if (!answer.ok) throw toApiError(answer.status, body);
  return body as TokenAnswer;
}

/** Without cookies: a session beside a password would be two ways to say who one is. */
async function post(url: string, fields: object): Promise<Response> {
  try {
    return await fetch(url, {
      method: 'POST',
      credentials: 'omit',
      cache: 'no-store',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(fields),
    });
  } catch {
    throw new ApiError('The gateway cannot be reached.', 0);
  }
}
