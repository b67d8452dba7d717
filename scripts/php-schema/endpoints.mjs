import {
  either,
  exactly,
  filled,
  flag,
  listOf,
  matching,
  moment,
  number,
  object,
  oneOf,
  orNull,
  record,
  recordOf,
  text,
  whole,
} from './shape.mjs';

/** What each priority endpoint answers beside the envelope: contract section 2. */
const conversation = { id: filled, title: text, created_at: moment, status: filled, message_count: whole };
const conversations = object({
  data: listOf(
    object({
      ...conversation,
      updated_at: moment,
      last_message_at: orNull(moment),
      last_message_preview: orNull(text),
      metadata: record,
    }),
  ),
  count: whole,
  user_id: filled,
});
const settings = object({
  data: object({
    greeting: text,
    themeColor: matching(/^#[0-9A-Fa-f]{3,8}$/),
    position: text,
    profile: either(text, record),
    theme: oneOf('light', 'dark', 'auto'),
    language: matching(/^[a-z]{2}$/),
    behavior: record,
    knowledge: record,
    integrations: record,
  }),
});
const stats = object({ unread: whole, starred: whole, categories: recordOf(whole) });
const mailbox = object({ data: object({ emails: listOf(record), count: whole, stats }) });
const overview = object({
  data: object({
    contacts: listOf(object({ id: filled })),
    leads: listOf(object({ id: filled })),
    stats: object({ total_contacts: whole, hot_leads: whole, conversion_rate: number }),
  }),
});
const talk = object({
  reply: filled,
  action: filled,
  metadata: object({ profile: filled, abuse_detected: flag, chat_id: filled, authenticated: flag }),
});
const health = object({ ok: exactly(true), service: exactly('donna-api'), version: filled, time: whole });
const voices = object({ voices: listOf(object({ voice_id: filled, name: text })) });
const speech = object({ audio_data: filled, voice_id: filled, duration: number });
const invalid = object({ validationErrors: recordOf(filled) });
const none = record;

const [HEALTH, TALK, MARKETING, CONVERSATIONS, VOICE, SALES, SETTINGS] = [
  'health',
  'donna_logic',
  'marketing',
  'conversations',
  'voice-chat',
  'sales/overview',
  'chatbot_settings',
].map((name) => `/api/${name}.php`);

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
  made: object({ data: object(conversation) }),
  changed: object({ data: object({ ...conversation, updated_at: moment }) }),
  removed: object({ data: object({ id: filled }) }),
};

function unknown(path, json) {
  return { path, as: 'nobody', json, status: 401, code: 'UNAUTHENTICATED', shape: none };
}
