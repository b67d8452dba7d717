import { answerOf } from './shape.mjs';

const [HEALTH, TALK, MARKETING, CONVERSATIONS, VOICE, SALES, SETTINGS] = [
  'health',
  'donna_logic',
  'marketing',
  'conversations',
  'voice-chat',
  'sales/overview',
  'chatbot_settings',
].map((name) => `/api/${name}.php`);

/** What each priority endpoint answers is said by the API document. */
const conversations = answerOf(CONVERSATIONS, 'get', 200);
const settings = answerOf(SETTINGS, 'get', 200);
const mailbox = answerOf(MARKETING, 'get', 200);
const overview = answerOf(SALES, 'get', 200);
const talk = answerOf(TALK, 'post', 200);
const health = answerOf(HEALTH, 'get', 200);
const voices = answerOf(VOICE, 'post', 200, 'voices');
const speech = answerOf(VOICE, 'post', 200, 'audio_data');
const invalid = {
  type: 'object',
  required: ['validationErrors'],
  properties: { validationErrors: { type: 'object', additionalProperties: { type: 'string', minLength: 1 } } },
};
const none = { type: 'object' };

/**
 * Answers that cost nothing and change nothing, of every priority endpoint: `{as, method, path, json, status, code, shape}`,
 * where several statuses are right when what answers lies beyond PHP.
 */
export const answers = [
  { path: HEALTH, as: 'nobody', status: 200, shape: health },
  { path: HEALTH, as: 'nobody', method: 'DELETE', status: 405, code: 'METHOD_NOT_ALLOWED', shape: none },
  // An insult is answered without asking the model.
  { path: TALK, as: 'nobody', json: { message: 'You are an idiot' }, status: 200, shape: talk },
  { path: TALK, as: 'nobody', json: {}, status: 422, code: 'VALIDATION_FAILED', shape: invalid },
  { path: TALK, as: 'nobody', json: '{"message":', status: 400, code: 'BAD_REQUEST', shape: none },
  { path: TALK, as: 'nobody', status: 405, code: 'METHOD_NOT_ALLOWED', shape: none },
  { path: MARKETING, status: 200, shape: mailbox },
  { path: `${MARKETING}?action=classify&limit=2`, status: 200, shape: mailbox },
  { path: `${MARKETING}?action=stats`, status: 200, shape: mailbox },
  { path: `${MARKETING}?limit=none`, status: 422, code: 'VALIDATION_FAILED', shape: invalid },
  { path: MARKETING, json: { action: 'send' }, status: 422, code: 'VALIDATION_FAILED', shape: invalid },
  { path: CONVERSATIONS, status: 200, shape: conversations },
  { path: CONVERSATIONS, json: { title: 7 }, status: 422, code: 'VALIDATION_FAILED', shape: invalid },
  { path: `${CONVERSATIONS}?id=conv_none`, method: 'DELETE', status: 404, code: 'NOT_FOUND', shape: none },
  // Listing voices is free; where there is no key, or no provider, the refusal is an answer too.
  { path: VOICE, json: { action: 'get_voices' }, status: [200, 502, 503, 504], shape: voices },
  { path: VOICE, json: { action: 'sing' }, status: 422, code: 'VALIDATION_FAILED', shape: invalid },
  { path: VOICE, json: { action: 'text_to_speech' }, status: 422, code: 'VALIDATION_FAILED', shape: invalid },
  { path: SALES, status: 200, shape: overview },
  { path: SALES, json: { action: 'update_lead' }, status: 422, code: 'VALIDATION_FAILED', shape: invalid },
  { path: SETTINGS, status: 200, shape: settings },
  { path: SETTINGS, json: { theme: 'purple' }, status: 422, code: 'VALIDATION_FAILED', shape: invalid },
  ...[MARKETING, CONVERSATIONS, SALES, SETTINGS].map((path) => unknown(path)),
  unknown(VOICE, { action: 'get_voices' }),
];

/** What providers may be paid for. */
export const paidAnswers = [
  { path: TALK, as: 'nobody', json: { message: 'Say hello.' }, status: 200, shape: talk },
  { path: VOICE, json: { action: 'text_to_speech', text: 'Hello' }, status: 200, shape: speech },
];

/** One conversation: what makes it, changes it and removes it. */
export const passing = {
  path: CONVERSATIONS,
  made: answerOf(CONVERSATIONS, 'post', 201),
  changed: answerOf(CONVERSATIONS, 'put', 200),
  removed: answerOf(CONVERSATIONS, 'delete', 200),
};

function unknown(path, json) {
  return { path, as: 'nobody', json, status: 401, code: 'UNAUTHENTICATED', shape: none };
}
