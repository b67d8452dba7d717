export type { ClientSecrets } from './client-secrets.js';
export { Refusal } from './refusal.js';
export type { RealtimeStubOptions } from './realtime-options.js';
export { RealtimeStub } from './realtime.stub.js';
export { clientSecretRequest, SessionConfig } from './session-config.js';
export { fieldsOf } from './shape.js';
