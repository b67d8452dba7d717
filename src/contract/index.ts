export { ContractModule } from './contract.module.js';
export { discardBody } from './discard-body.js';
export { type EnvelopeFault, matchesErrorWhen, readTopLevelString, spliceEnvelope } from './envelope/index.js';
export { EnvelopeFields } from './envelope.interceptor.js';
export { answerWithError, errorEnvelope } from './error-answer.js';
export { codeForStatus, type ErrorCode, GatewayError } from './error-catalogue.js';
export { toGatewayError } from './exception.filter.js';
export { parseNativeBody } from './native-body.js';
