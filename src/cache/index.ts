export { CacheModule } from './cache.module.js';
export type { RouteSides } from './route-cache.js';
export { type PurgeTarget, ResponseCache } from './response-cache.js';
