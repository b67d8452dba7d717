export { CLIENT_EVENTS } from './client-events.js';
export { Dialect } from './dialect.js';
export { parseFrame } from './fields.js';
export { type FrameType, peekFrameType, readFrameType } from './frame-type.js';
