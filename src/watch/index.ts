export { type Refusal, SecurityWatch } from './security-watch.js';
export { STEP_S, type TrafficPoint, TrafficWatch } from './traffic-watch.js';
export { WatchClock } from './watch-clock.js';
export { WatchModule } from './watch.module.js';
