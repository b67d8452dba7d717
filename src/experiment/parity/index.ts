export { type ParityHour, ParityLog } from './parity-log.js';
export { mergeHours, ParityStore } from './parity-store.js';
