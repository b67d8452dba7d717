import { circuitBreaker, CircuitState, handleWhenResult, isBrokenCircuitError, SamplingBreaker } from 'cockatiel';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIP } from 'node:net';
import { Pool } from 'undici';
import type { UpstreamSettings } from '../routing/index.js';
import { countsAgainstTarget, type ForwardError } from './forward-error.js';

const BROKEN: ForwardError = { stage: 'connect', cause: 'breaker-open' };
const KEEP_ALIVE_MS = 4000;

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
  private readonly breaker;
  private probe: 'unknown' | 'up' | 'down' = 'unknown';

  constructor(
    /** `http://10.0.0.7:8080`, or with a base path. */
    readonly address: string,
    settings: UpstreamSettings,
  ) {
    const url = new URL(address);
    this.origin = url.origin;
    this.host = url.host;
    this.hostname = url.hostname;
    this.isSecure = url.protocol === 'https:';
    this.basePath = url.pathname.replace(/\/$/, '');
    this.connectTimeoutMs = settings.connectTimeoutMs;
    this.keepsPublicHost = settings.host === 'auto' ? isLocal(url.hostname) : settings.host === 'public';
    this.pool = new Pool(this.origin, {
      connections: settings.connections,
      pipelining: 1,
      connect: { timeout: settings.connectTimeoutMs },
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: 64 * 1024,
    });
    const agentOptions = { keepAlive: true, maxFreeSockets: 64, timeout: 0 };
    this.agent = this.isSecure ? new HttpsAgent(agentOptions) : new HttpAgent(agentOptions);
    const { threshold, windowMs, openMs } = settings.breaker;
    this.breaker = circuitBreaker(
      handleWhenResult((result) => result !== undefined && countsAgainstTarget(result as ForwardError)),
      { halfOpenAfter: openMs, breaker: new SamplingBreaker({ threshold, duration: windowMs, minimumRps: 0.5 }) },
    );
  }

  /** Whether requests should be sent here: not while the breaker is open or the probe finds nobody. */
  get isAvailable(): boolean {
    return this.breaker.state !== CircuitState.Open && this.probe !== 'down';
  }

  /** What the health endpoint tells. */
  get state(): 'up' | 'down' | 'unknown' {
    return this.breaker.state === CircuitState.Open ? 'down' : this.probe;
  }

  /** Runs a call under the breaker. Resolves with the failure, if any; an open breaker is one. */
  async guard(call: () => Promise<ForwardError | undefined>): Promise<ForwardError | undefined> {
    try {
      return await this.breaker.execute(call);
    } catch (error) {
      if (isBrokenCircuitError(error)) return BROKEN;
      throw error;
    }
  }

  /** Notes what a health probe saw. A target that answers again is used again at once. */
  noteProbe(isUp: boolean): void {
    this.probe = isUp ? 'up' : 'down';
    if (isUp && this.breaker.state === CircuitState.Open) this.breaker.isolate().dispose();
  }

  async close(): Promise<void> {
    this.agent.destroy();
    await this.pool.destroy();
  }
}

function isLocal(hostname: string): boolean {
  return hostname === 'localhost' || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
}
