import type { ClientConfig } from './client-config.js';
import type { Environment } from './environment.js';
import { openDirect, openProxy } from './open-link.js';
import { backoffMs, judgeClose, type Verdict } from './reconnect-policy.js';
import { LinkEndedError, type SocketLink } from './socket-link.js';
import type { TokenSource, Wishes } from './token-source.js';
import { toVoiceError, VoiceError } from './voice-error.js';
import type { LatencyName } from './voice-events.js';

/** A link that held so long was a good one: the attempts are counted anew. */
const STABLE_MS = 10_000;
/** One that was refused sooner was never meant to hold. */
const ACCEPTED_MS = 1_000;

export interface ConnectionListener {
  onUp(link: SocketLink): void;
  /** `isWished`: another link follows because the wishes have changed. */
  onDown(isWished: boolean): void;
  /** Before each further attempt. */
  onWait(fault: VoiceError, attempt: number): void;
  onGiveUp(fault: VoiceError): void;
  onLatency(name: LatencyName, ms: number, path: SocketLink['path']): void;
}

export interface ConnectionParts {
  readonly environment: Environment;
  readonly config: ClientConfig;
  readonly tokens: TokenSource;
  readonly wishes: () => Wishes;
  readonly listener: ConnectionListener;
}

/** Keeps one link up: tokens, the direct way and the way round, attempts with growing pauses, and the end of it. */
export class Connection {
  private readonly life = new AbortController();
  private link: SocketLink | undefined;
  /** Counts the changes of the wishes: a link that was begun before the last one is not kept. */
  private wishesVersion = 0;
  private wentRound = false;

  constructor(private readonly parts: ConnectionParts) {}

  /** Whether a link is there. */
  get isUp(): boolean {
    return this.link !== undefined;
  }

  /** Runs until it is closed or gives up. */
  async run(): Promise<void> {
    const { listener } = this.parts;
    const { signal } = this.life;
    let attempt = 0;
    let isRenewed = false;
    while (!signal.aborted) {
      const { verdict, upMs } = await this.once(signal);
      if (signal.aborted) return;
      if (upMs >= STABLE_MS) attempt = 0;
      if (upMs >= ACCEPTED_MS) isRenewed = false;
      if (verdict === 'restart') continue;
      const fault = verdict.kind === 'renew' ? new VoiceError('unauthenticated') : verdict.fault;
      const { reconnect } = this.parts.config;
      const isHopeless = verdict.kind === 'final' || (verdict.kind === 'renew' && isRenewed);
      if (isHopeless || !reconnect.enabled || attempt >= reconnect.maxAttempts) {
        listener.onGiveUp(fault);
        return;
      }
      attempt += 1;
      listener.onWait(fault, attempt);
      if (verdict.kind === 'renew') {
        this.parts.tokens.discard();
        isRenewed = true;
        continue;
      }
      const pauseMs = Math.max(fault.retryAfterMs, backoffMs(attempt - 1, reconnect, this.parts.environment.random()));
      await this.pause(pauseMs, signal);
    }
  }

  /** Ends the link and makes another at once, with fresh tokens: the wishes have changed. */
  restart(): void {
    this.parts.tokens.discard();
    this.wishesVersion += 1;
    this.link?.close();
  }

  /** Ends the link as lost, for instance because it has gone silent. */
  lose(): void {
    this.link?.close(LOST);
  }

  close(): void {
    this.life.abort();
    this.link?.close();
  }

  /** One link, from its making to its end. */
  private async once(signal: AbortSignal): Promise<{ verdict: Verdict | 'restart'; upMs: number }> {
    const { environment, listener } = this.parts;
    const version = this.wishesVersion;
    let link: SocketLink;
    try {
      link = await this.establish(signal);
    } catch (error) {
      return { verdict: judgeFault(error), upMs: 0 };
    }
    const upAt = environment.now();
    if (signal.aborted || version !== this.wishesVersion) {
      link.close();
      return { verdict: 'restart', upMs: 0 };
    }
    this.link = link;
    listener.onUp(link);
    const { code } = await link.ended;
    this.link = undefined;
    const isWished = version !== this.wishesVersion;
    if (!signal.aborted) listener.onDown(isWished);
    const verdict = isWished ? 'restart' : judgeClose(code === LOST ? 1006 : code);
    return { verdict, upMs: environment.now() - upAt };
  }

  /** The direct way first; the way round first once it was the one that worked. */
  private async establish(signal: AbortSignal): Promise<SocketLink> {
    const { socketUrl } = this.parts.config;
    if (socketUrl === undefined) return this.direct(signal);
    const direct = () => this.direct(signal);
    const round = () => this.round(socketUrl, signal);
    const [first, second] = this.wentRound ? [round, direct] : [direct, round];
    try {
      return await first();
    } catch (error) {
      if (signal.aborted || isForAllWays(error)) throw error;
      return await second();
    }
  }

  private async direct(signal: AbortSignal): Promise<SocketLink> {
    const { environment, config, tokens, wishes, listener } = this.parts;
    const askedAt = environment.now();
    const { secret, isNew } = await tokens.clientSecret(wishes(), signal);
    const openedAt = environment.now();
    if (isNew) listener.onLatency('token', openedAt - askedAt, 'direct');
    try {
      const link = await openDirect(environment, config, secret, signal);
      listener.onLatency('connect', environment.now() - openedAt, 'direct');
      this.wentRound = false;
      return link;
    } catch (error) {
      // A refused handshake looks to a browser like any other failure: perhaps it was the secret.
      tokens.discard();
      throw error;
    }
  }

  private async round(socketUrl: string, signal: AbortSignal): Promise<SocketLink> {
    const { environment, tokens, wishes, listener } = this.parts;
    const askedAt = environment.now();
    const token = await tokens.accessToken(signal);
    const openedAt = environment.now();
    listener.onLatency('token', openedAt - askedAt, 'proxy');
    const link = await openProxy(environment, socketUrl, { token, wishes: wishes() }, signal);
    listener.onLatency('connect', environment.now() - openedAt, 'proxy');
    this.wentRound = true;
    return link;
  }

  private pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.parts.environment.after(ms, () => {
        signal.removeEventListener('abort', leave);
        resolve();
      });
      const leave = () => {
        cancel();
        resolve();
      };
      signal.addEventListener('abort', leave, { once: true });
    });
  }
}

const LOST = 4501;

/** Another way would be refused for the same reason. */
function isForAllWays(error: unknown): boolean {
  return (
    error instanceof VoiceError && ['unauthenticated', 'forbidden', 'refused', 'disabled', 'busy'].includes(error.code)
  );
}

function judgeFault(error: unknown): Verdict {
  if (error instanceof LinkEndedError) {
    // 1000 before anything was said is no end that somebody meant.
    return error.code === 1000 ? { kind: 'retry', fault: new VoiceError('network') } : error.verdict;
  }
  const fault = toVoiceError(error);
  return fault.isFinal ? { kind: 'final', fault } : { kind: 'retry', fault };
}
