import { type ClientConfig, fieldsOf } from './client-config.js';
import type { Environment } from './environment.js';
import type { CallerProof, GatewayCalls } from './gateway-calls.js';
import { VoiceError } from './voice-error.js';

/** A token that runs out so soon is not begun with. */
const MARGIN_MS = 15_000;
/** None is kept for longer: what it says of its end is told by another clock than the person's. */
const LONGEST_MS = 600_000;

/** What the page wishes of the session. */
export interface Wishes {
  readonly voice?: string | undefined;
  readonly instructions?: string | undefined;
}

export interface ClientSecret {
  readonly value: string;
  /** Of the session that it opens; undefined where the gateway does not say. */
  readonly model: string | undefined;
}

interface Kept<Token> {
  readonly token: Token;
  /** By the environment's monotonic clock: the person's own may be set. */
  readonly freshUntil: number;
}

/** Client secrets for the provider and access tokens for `/realtime`, each kept while it is fresh. */
export class TokenSource {
  private secret: Kept<ClientSecret> | undefined;
  private access: Kept<string> | undefined;

  constructor(
    private readonly environment: Environment,
    private readonly calls: GatewayCalls,
    private readonly proof: CallerProof,
    private readonly config: ClientConfig,
  ) {}

  /** @throws VoiceError */
  async clientSecret(wishes: Wishes, left: AbortSignal): Promise<{ secret: ClientSecret; isNew: boolean }> {
    const { secret: kept } = this;
    if (kept !== undefined && this.environment.now() < kept.freshUntil) return { secret: kept.token, isNew: false };
    const answer = await this.calls.post(this.config.tokenUrl, sayable(wishes), left);
    const { value, expires_at: expiresAt } = answer;
    if (typeof value !== 'string' || !/^[\w.~-]{1,1024}$/.test(value) || typeof expiresAt !== 'number')
      throw new VoiceError('bad_answer');
    const { model } = fieldsOf(answer['session']);
    const secret = { value, model: typeof model === 'string' && model !== '' ? model : undefined };
    this.secret = this.keep(secret, expiresAt * 1000 - this.environment.time());
    return { secret, isNew: true };
  }

  /** @throws VoiceError */
  async accessToken(left: AbortSignal): Promise<string> {
    // The page knows itself whether its token is fresh.
    if (this.proof.accessToken !== undefined) return this.proof.accessToken();
    if (this.access !== undefined && this.environment.now() < this.access.freshUntil) return this.access.token;
    const { access_token: token, expires_in: lifeS } = await this.calls.post(this.config.accessTokenUrl, {}, left);
    if (typeof token !== 'string' || token === '' || typeof lifeS !== 'number') throw new VoiceError('bad_answer');
    this.access = this.keep(token, lifeS * 1000);
    return token;
  }

  /** Forgets what a server did not accept, or what was asked for with other wishes. */
  discard(): void {
    this.secret = undefined;
    this.access = undefined;
  }

  private keep<Token>(token: Token, lifeMs: number): Kept<Token> {
    return { token, freshUntil: this.environment.now() + Math.min(lifeMs, LONGEST_MS) - MARGIN_MS };
  }
}

/** Only what is wished: a field that is undefined is none. */
export function sayable({ voice, instructions }: Wishes): object {
  return { ...(voice === undefined ? {} : { voice }), ...(instructions === undefined ? {} : { instructions }) };
}
