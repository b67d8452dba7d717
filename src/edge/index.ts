export { BodyGuard } from './body-guard.js';
export { checkOrigin } from './cors.policy.js';
export { DrainState } from './drain-state.js';
export { EdgeModule } from './edge.module.js';
export { answerParserError, type ParserError, refusalOf } from './parser-errors.js';
export { checkAnnouncedLength, hasBody, readBody } from './request-body.js';
export { checkRequestHead, isValidAuthority } from './request-hygiene.js';
export { computeSecurityHeaders, type SecurityHeaders } from './security-headers.js';
export { type ClientAddress, compileTrust, readClientAddress } from './trusted-address.js';
