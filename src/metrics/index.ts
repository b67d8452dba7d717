export { Metrics, type Sample } from './metrics.js';
export { MetricsDesk } from './metrics-desk.js';
export { MetricsModule } from './metrics.module.js';
export { type EndedRequest, type RequestObserver, RequestWatch } from './request-watch.js';
export type { SecondsHistogram, SecondsSeries } from './seconds-histogram.js';
export { Tally } from './tally.js';
