export { type AnswerGate, openGate } from './answer-gate.js';
export { guardNativeAnswer } from './native-answer.js';
export { type FoundSecret, SecretWatch } from './secret-watch.js';
export { SecretsModule } from './secrets.module.js';
