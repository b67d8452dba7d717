import { request } from 'undici';
import type { UpstreamSettings } from '../../routing/index.js';
import { acceptsConnection } from './accepts-connection.js';
import type { Target } from './target.js';

const PROBE_TIMEOUT_MS = 2000;
/** A target that is down is asked more often, so that no request waits for it longer than needed. */
const PROBE_WHEN_DOWN_MS = 250;

/**
 * Asks each target now and then whether it is there. With a health path any answer below 500 will do; without one
 * (an application that we know nothing of) an accepted connection.
 */
export class HealthProbe {
  private readonly timers = new Map<Target, NodeJS.Timeout>();
  private isStopped = false;

  constructor(
    private readonly targets: readonly Target[],
    private readonly settings: UpstreamSettings['health'],
  ) {}

  start(): void {
    for (const target of this.targets) void this.run(target);
  }

  stop(): void {
    this.isStopped = true;
    for (const timer of this.timers.values()) clearTimeout(timer);
  }

  private async run(target: Target): Promise<void> {
    const { path, intervalMs } = this.settings;
    const isUp =
      path === undefined ? await acceptsConnection(target.origin, PROBE_TIMEOUT_MS) : await answers(target, path);
    if (this.isStopped) return;
    target.noteProbe(isUp);
    const timer = setTimeout(() => void this.run(target), isUp ? intervalMs : Math.min(intervalMs, PROBE_WHEN_DOWN_MS));
    timer.unref();
    this.timers.set(target, timer);
  }
}

async function answers(target: Target, path: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(target.origin + target.basePath + path, {
      dispatcher: target.pool,
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
    });
    await body.dump();
    return statusCode < 500;
  } catch {
    return false;
  }
}
