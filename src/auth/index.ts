export { AuthModule } from './auth.module.js';
export { authorize, identify } from './authorization.policy.js';
export { checkCsrf } from './csrf.policy.js';
export { makeAccessToken } from './development-token.js';
export type { Identity } from './identity.js';
export { IDENTITY_HEADER, signIdentity } from './identity-assertion.js';
export { JwtVerifier } from './jwt-verifier.js';
export { PhpSessions, readCookie, readSessionAnswer } from './php-session.js';
export { SignatureVerifier } from './signature-verifier.js';
