export { matchesErrorWhen, type ErrorWhen } from './error-when.js';
export { spliceEnvelope } from './envelope.splice.js';
export type { EnvelopeContext, EnvelopeFault, EnvelopeResult } from './envelope.types.js';
