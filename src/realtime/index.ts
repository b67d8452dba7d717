export { RealtimeModule } from './realtime.module.js';
export { RealtimeProvider } from './realtime-provider.js';
export { type RealtimeState, RealtimeStatus } from './realtime-status.js';
