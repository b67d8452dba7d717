import type { AreaDescription } from '../route-description.js';
import { described, filled, flag, listOf, number, object, orNull, ref, text, whole } from '../schema-words.js';
import { STAND_INS } from '../stand-ins.js';

const audio = {
  audio_data: described({ ...filled, contentEncoding: 'base64' }, 'The sound as base64'),
  content_type: text,
  voice_id: filled,
  duration: orNull(described(number, 'Seconds')),
};

const call = { call_id: filled, call_session_id: orNull(text), status: filled };

export const VOICE: AreaDescription = {
  path: '/api/voice-chat.php',
  schemas: {
    VoiceOption: object({ voice_id: filled, name: text, category: orNull(text), preview_url: orNull(text) }),
    Speech: object(audio),
  },
  routes: {
    voice: {
      tag: 'Voice',
      summary: 'Speak, listen, and steer telephone calls',
      serves: { actions: [], isWithoutAction: false },
      answers: {},
    },
    'voice.voices': {
      tag: 'Voice',
      summary: 'List the voices',
      examples: { all: { summary: 'All of them', fields: {} } },
      answers: { 200: { description: 'The voices', fields: { voices: listOf(ref('VoiceOption')), count: whole } } },
    },
    'voice.speak': {
      tag: 'Voice',
      summary: 'Turn text into speech',
      examples: { hello: { summary: 'A greeting', fields: { text: 'Hello, this is Donna.' } } },
      answers: { 200: { description: 'The sound', fields: audio } },
    },
    'voice.converse': {
      tag: 'Voice',
      summary: 'Say what was said in another voice',
      description: 'Sound in, sound out: a file in the field audio, or base64 in audio_data.',
      answers: { 200: { description: 'The sound', fields: audio } },
    },
    'voice.upload': {
      tag: 'Voice',
      summary: 'Turn a recording into text',
      answers: {
        200: {
          description: 'What was said',
          fields: {
            transcript: text,
            duration: orNull(described(number, 'Seconds')),
            content_type: text,
            size: described(whole, 'Bytes'),
          },
        },
      },
    },
    'voice.test-connection': {
      tag: 'Voice',
      summary: 'Ask whether the voice provider answers',
      examples: { now: { summary: 'Now', fields: {} } },
      answers: {
        200: {
          description: 'It does',
          fields: { connected: flag, voice_count: whole, latency_ms: described(whole, 'Milliseconds'), message: text },
        },
      },
    },
    'voice.calls': {
      tag: 'Voice',
      summary: 'Steer a telephone call',
      description: 'A call is named by call_control_id, or by call_id: what initiate_call has answered as call_id.',
      examples: {
        initiate_call: { summary: 'Call somebody', fields: { to: '+15550100101' } },
        get_call_status: { summary: 'Ask how a call stands', fields: { call_id: STAND_INS.call } },
        hangup_call: { summary: 'End a call', fields: { call_id: STAND_INS.call } },
      },
      answers: { 200: { description: 'How the call stands', fields: call } },
    },
  },
};

export const TELNYX: AreaDescription = {
  path: '/api/telnyx/webhook.php',
  routes: {
    'telnyx.webhook': {
      tag: 'Webhooks',
      summary: 'Take a webhook of Telnyx',
      description:
        'Signed over the raw bytes: Ed25519 of `timestamp|body`. A changed byte, an old timestamp or a repetition is refused, and ' +
        'without a public key nothing is taken.',
      headers: {
        'telnyx-timestamp': described(filled, 'Unix time in seconds'),
        'telnyx-signature-ed25519': described(filled, 'Base64'),
      },
      body: {
        'application/json': object({ data: object({ id: text, event_type: text }, ['id', 'event_type']) }, ['data']),
      },
      answers: { 200: { description: 'It is recorded', fields: { status: filled } } },
      errors: ['UNAUTHENTICATED', 'UPSTREAM_UNAVAILABLE'],
    },
  },
};
