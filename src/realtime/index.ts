export { RealtimeModule } from './realtime.module.js';
export { RealtimeProvider } from './realtime-provider.js';
