import type { Environment } from './environment.js';
import type { GatewayCalls } from './gateway-calls.js';
import type { LatencyDetail } from './voice-events.js';

/** One talk needs no more, and a fault is not to become a flood. */
const MAX_REPORTS = 64;

/** Tells the gateway how long a person waited; nothing depends on whether that arrives. */
export class LatencyReports {
  private sent = 0;
  private readonly sessionId: string;

  constructor(
    private readonly environment: Environment,
    private readonly calls: GatewayCalls,
  ) {
    const part = () => Math.floor(environment.random() * 36 ** 8).toString(36);
    this.sessionId = `v-${environment.time().toString(36)}-${part()}${part()}`;
  }

  send(url: string, { name, ms, path }: LatencyDetail, left: AbortSignal): void {
    this.sent += 1;
    if (this.sent > MAX_REPORTS || left.aborted) return;
    const at = new Date(this.environment.time()).toISOString();
    const event = { type: 'latency', session_id: this.sessionId, at, data: { name, ms: Math.round(ms), path } };
    this.calls.post(url, event, left).catch(() => undefined);
  }
}
