export { ConcurrencyLimiter } from './concurrency-limiter.js';
export { LIMIT_FIELDS } from './limit-fields.js';
export { RateLimits } from './rate-limits.js';
export { ThrottleModule } from './throttle.module.js';
