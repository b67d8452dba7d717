export { BodyGuard } from './body-guard.js';
export { checkOrigin } from './cors.policy.js';
export { DrainState } from './drain-state.js';
export { EdgeModule } from './edge.module.js';
export { answerParserError } from './parser-errors.js';
export { checkAnnouncedLength, hasBody, readBody } from './request-body.js';
export { checkRequestHead, HEAD_LIMITS, isValidAuthority } from './request-hygiene.js';
export { computeSecurityHeaders, type SecurityHeaders } from './security-headers.js';
export { type ClientAddress, compileTrust, readClientAddress } from './trusted-address.js';
