export { connectRedis } from './connect-redis.js';
export type { RedisConnection } from './redis-connection.js';
export { REDIS, type ReplicatedMap, SHARED_STATE, type SharedState, StateUnavailableError } from './shared-state.js';
export { StateDesk } from './state-desk.js';
export { StateModule } from './state.module.js';
