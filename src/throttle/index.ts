export { ConcurrencyLimiter } from './concurrency-limiter.js';
export { countAgainst } from './rate-limit.policy.js';
export { ThrottleModule } from './throttle.module.js';
