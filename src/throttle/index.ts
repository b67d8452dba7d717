export { ConcurrencyLimiter } from './concurrency-limiter.js';
export { LIMIT_FIELDS } from './limit-fields.js';
export { LimitDesk } from './limit-desk.js';
export { PlaceDesk } from './place-desk.js';
export { LocalPlaces, PLACES, type Places } from './places.js';
export { RateLimits } from './rate-limits.js';
export { ThrottleModule } from './throttle.module.js';
