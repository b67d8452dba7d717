export type { MatchView, RouteView, TraceRequest, TraceRow, TraceView } from './admin-api.js';
export { AdminModule } from './admin.module.js';
export { LiveHub } from './live/live-hub.js';
