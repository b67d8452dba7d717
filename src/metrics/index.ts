export { type MetricsText, Metrics } from './metrics.js';
export { MetricsModule } from './metrics.module.js';
export { type RealtimeHistograms, realtimeHistograms } from './realtime-metrics.js';
