import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIP } from 'node:net';
import { Pool } from 'undici';
import type { UpstreamSettings } from '../../routing/index.js';
import { codeOfWord } from '../../trace/index.js';
import { countsAgainstTarget, type ForwardError } from '../forward-error.js';
import { guardCall, TargetBreaker } from './target-breaker.js';

const KEEP_ALIVE_MS = 4000;
/** Connections for the gateway's own calls (session questions, probes), beside those that routes may take: these must never wait for a slow route. */
const OWN_CONNECTIONS = 8;

/** One address of an upstream: its connections, its breaker, and what the health probe last saw. */
export class Target {
  readonly origin: string;
  /** Authority, as it stands in `Host`. */
  readonly host: string;
  readonly hostname: string;
  readonly isSecure: boolean;
  /** Path under which the application lives (`/app`), or ''. */
  readonly basePath: string;
  readonly pool: Pool;
  readonly agent: HttpAgent;
  readonly connectTimeoutMs: number;
  /** Whether PHP gets the public Host; false: the target's own. */
  readonly keepsPublicHost: boolean;
  /** Its label in a timeline. */
  readonly note: number;
  private readonly breaker: TargetBreaker;
  private probe: 'unknown' | 'up' | 'down' = 'unknown';
  /** Calls since it is in use: `failed` are those that say something against it, `refused` the breaker kept away. */
  readonly calls = { underWay: 0, answered: 0, failed: 0, refused: 0, 'given-up': 0 };

  constructor(
    /** `http://10.0.0.7:8080`, or with a base path. */
    readonly address: string,
    settings: UpstreamSettings,
    /** `php 1`: its upstream, and its place there. Addresses are not told. */
    readonly label: string,
  ) {
    this.note = codeOfWord(`target ${label}`);
    const url = new URL(address);
    this.origin = url.origin;
    this.host = url.host;
    this.hostname = url.hostname;
    this.isSecure = url.protocol === 'https:';
    this.basePath = url.pathname.replace(/\/$/, '');
    this.connectTimeoutMs = settings.connectTimeoutMs;
    this.keepsPublicHost = settings.host === 'auto' ? isLocal(url.hostname) : settings.host === 'public';
    this.pool = new Pool(this.origin, {
      connections: settings.connections + OWN_CONNECTIONS,
      pipelining: 1,
      connect: { timeout: settings.connectTimeoutMs },
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: 64 * 1024,
    });
    const agentOptions = { keepAlive: true, maxFreeSockets: 64, timeout: 0 };
    this.agent = this.isSecure ? new HttpsAgent(agentOptions) : new HttpAgent(agentOptions);
    this.breaker = new TargetBreaker(settings.breaker);
  }

  /** Whether requests should be sent here: not while the breaker is open or the probe finds nobody. */
  get isAvailable(): boolean {
    return !this.breaker.isOpen && this.probe !== 'down';
  }

  /** What the health endpoint tells. */
  get state(): 'up' | 'down' | 'unknown' {
    return this.breaker.isOpen ? 'down' : this.probe;
  }

  get breakerState(): TargetBreaker['state'] {
    return this.breaker.state;
  }

  /** Times that the breaker has opened. */
  get breakerOpened(): number {
    return this.breaker.opened;
  }

  /** Asks the breaker whether a call may go. Whoever may go tells how it went with {@link leave}. */
  enter(): boolean | Promise<boolean> {
    const may = this.breaker.enter();
    return may instanceof Promise ? may.then((settled) => this.count(settled)) : this.count(may);
  }

  /** A call that was let go has begun to be answered, or has failed before that. */
  leave(failure: ForwardError | undefined): void {
    this.calls.underWay -= 1;
    this.calls[outcomeOf(failure)] += 1;
    this.breaker.leave(failure);
  }

  /** Makes a call, if it may go. Resolves with the failure, if any; an open breaker is one. */
  guard(call: () => Promise<ForwardError | undefined>): Promise<ForwardError | undefined> {
    return guardCall(this, call);
  }

  private count(may: boolean): boolean {
    if (may) this.calls.underWay += 1;
    else this.calls.refused += 1;
    return may;
  }

  /** Notes what a health probe saw. A target that answers again is used again at once. */
  noteProbe(isUp: boolean): void {
    this.probe = isUp ? 'up' : 'down';
    if (isUp && this.breaker.isOpen) this.breaker.reset();
  }

  /**
   * Closes idle connections, so that the next call opens one of its own: where one of them was found dead, its siblings may
   * be dead too. undici needs no help, it goes on with the very connection that broke, made anew.
   */
  dropIdleConnections(): void {
    for (const sockets of Object.values(this.agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  }

  /** Lets running calls finish and closes each connection after its own. Resolves when the last one has. */
  async retire(): Promise<void> {
    this.agent.maxFreeSockets = 0;
    this.dropIdleConnections();
    // Rejects only when `close` cut it meanwhile: then it is over as well.
    await this.pool.close().catch(() => undefined);
  }

  /** Cuts whatever still runs. */
  async close(): Promise<void> {
    this.agent.destroy();
    await this.pool.destroy();
  }
}

function outcomeOf(failure: ForwardError | undefined): 'answered' | 'failed' | 'given-up' {
  if (failure === undefined) return 'answered';
  return countsAgainstTarget(failure) ? 'failed' : 'given-up';
}

function isLocal(hostname: string): boolean {
  return hostname === 'localhost' || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
}
