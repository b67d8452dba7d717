export { banner } from './banner.js';
export { HELP, readStartOptions } from './start-options.js';
export { findUnreachable } from './unreachable-targets.js';
