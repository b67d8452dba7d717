export { matchesErrorWhen, type ErrorWhen } from './error-when.js';
export { spliceEnvelope } from './envelope.splice.js';
export type { EnvelopeContext, EnvelopeFault, EnvelopeResult } from './envelope.types.js';
export { scanDocument } from './json-scanner.js';
export { byteAt, readScalar, readString, skipBlank, TOO_DEEP } from './json-token.js';
export { skipBomAndBlank } from './noise.js';
