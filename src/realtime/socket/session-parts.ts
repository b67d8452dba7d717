import type { JwtVerifier } from '../../auth/index.js';
import type { GatewayConfig } from '../../config/index.js';
import type { Places } from '../../throttle/index.js';
import type { Logger } from '../../trace/index.js';
import type { RealtimeMetrics } from '../realtime-metrics.js';
import type { RealtimeEndpoint } from '../realtime-provider.js';
import type { SocketLimits } from './socket-limits.js';

/** What all sessions of a process share. */
export interface SessionParts {
  readonly endpoint: RealtimeEndpoint;
  readonly settings: Pick<GatewayConfig['realtime'], 'model' | 'serverVad' | 'authTimeoutMs'>;
  readonly limits: SocketLimits;
  readonly jwt: Pick<JwtVerifier, 'verify'>;
  readonly places: Places;
  readonly metrics: RealtimeMetrics;
  readonly logger: Pick<Logger, 'error' | 'info' | 'warn'>;
}
