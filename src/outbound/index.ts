export { Outbound } from './outbound.js';
export { OutboundModule } from './outbound.module.js';
export type { OutboundCall } from './outbound-call.js';
export { OutboundRecording, OutboundRefusedError } from './outbound-recording.js';
