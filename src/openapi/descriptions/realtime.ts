import type { AnswerDescription, AreaDescription } from '../route-description.js';
import {
  described,
  filled,
  flag,
  listOf,
  number,
  object,
  record,
  ref,
  text,
  unixSeconds,
  whole,
} from '../schema-words.js';

const secret: AnswerDescription = {
  description: 'The client secret',
  fields: {
    client_secret: object({ value: filled, expires_at: unixSeconds }),
    value: described(filled, 'The same value again'),
    expires_at: unixSeconds,
    session: described(record, 'The session as the provider has made it'),
  },
};

/** Live talk and voice events: the gateway's own. */
export const REALTIME: AreaDescription = {
  schemas: {
    Delivery: object({ target: filled, status: whole, ms: described(number, 'Milliseconds') }),
  },
  routes: {
    'realtime.token': {
      tag: 'Realtime',
      summary: 'Get a client secret for live talk',
      description:
        'For a direct connection of the client to the provider, good for minutes. A caller with a session cookie must send an `Origin` that is ' +
        'allowed; without one an access token is needed.',
      examples: {
        voice: { summary: 'With a voice', fields: { voice: 'marin' } },
        plain: { summary: 'As configured', fields: {} },
      },
      answers: { 200: secret },
      errors: ['ORIGIN_DENIED', 'REALTIME_DISABLED', 'UPSTREAM_BAD_ANSWER', 'UPSTREAM_UNAVAILABLE', 'UPSTREAM_TIMEOUT'],
    },
    'realtime.token.show': {
      tag: 'Realtime',
      summary: 'Get a client secret by a browser’s address line',
      description: 'In development only: elsewhere it answers 405.',
      examples: { plain: { summary: 'As configured', fields: {} } },
      answers: { 200: secret },
      errors: [
        'UNAUTHENTICATED',
        'METHOD_NOT_ALLOWED',
        'ORIGIN_DENIED',
        'REALTIME_DISABLED',
        'UPSTREAM_BAD_ANSWER',
        'UPSTREAM_UNAVAILABLE',
        'UPSTREAM_TIMEOUT',
      ],
    },
    'realtime.socket': {
      tag: 'Realtime',
      summary: 'Open the WebSocket for live talk',
      description: `The fallback where a direct connection is impossible; only with \`ENABLE_WS_PROXY\`. Frames are JSON text with \`type\`.

Before the upgrade: 403 for an \`Origin\` that is not allowed, 429 for too many sockets of one address, 503 when it is switched off.

1. The first frame is \`{"type":"authenticate","token":"<access token>"}\` within \`AUTH_TIMEOUT_MS\`. Good: \`{"type":"auth_success"}\`.
   Bad: \`{"type":"auth_error"}\` and close **4003**. None in time, or another frame first: close **4001**. A token that expires ends the
   session with 4003.
2. \`{"type":"connect_realtime"}\` opens the provider's session.
3. Then frames pass both ways, in the provider's own protocol. Close codes: 1009 frame too large, 1008 too many messages, 4008 idle too
   long, 1001 shutdown. Loss of the provider is told as \`{"type":"upstream_closed","code":…}\`.

Reconnect with exponential backoff and full jitter; not on 1000 and 4001, and on 4003 once, with a fresh token.`,
      headers: { Upgrade: { type: 'string', enum: ['websocket'] } },
      answers: { 101: { description: 'The connection is a WebSocket from here on' } },
      errors: [426, 'ORIGIN_DENIED', 'REALTIME_DISABLED'],
    },
    'realtime.assets': {
      tag: 'Realtime',
      summary: 'What a browser needs for live talk',
      places: {
        'config.json': {
          summary: 'Read what a browser must know for live talk',
          answers: {
            200: {
              description: 'Paths, model and how to reconnect; no secret',
              fields: {
                data: object({
                  tokenUrl: filled,
                  accessTokenUrl: filled,
                  eventsUrl: filled,
                  socketUrl: { type: ['string', 'null'] },
                  providerUrl: filled,
                  model: filled,
                  serverVad: flag,
                  reconnect: object({ enabled: flag, maxAttempts: whole, baseMs: whole, capMs: whole }),
                  audio: object({ sampleRate: whole }),
                  bufferMs: whole,
                }),
              },
            },
          },
        },
        'donna-realtime.js': { summary: 'The browser’s library for live talk' },
        'capture-worklet.js': { summary: 'The AudioWorklet that captures sound' },
      },
      answers: { 200: { description: 'A script', content: { 'text/javascript': text } } },
      errors: ['NOT_FOUND', 'REALTIME_DISABLED'],
    },
    'voice.fanout': {
      tag: 'Realtime',
      summary: 'Tell the boards of a voice event',
      description:
        'Marketing, sales and secretary at once, with the result of each. With `Idempotency-Key` (or `id`) the same event is delivered once. When nobody takes it: 502.',
      headers: { 'Idempotency-Key': { type: 'string', pattern: '^[!-~]{1,128}$' } },
      examples: {
        transcript: { summary: 'What somebody said', fields: { kind: 'transcript', text: 'I would like a quote.' } },
      },
      answers: {
        200: {
          description: 'Who has it',
          fields: { delivered: listOf(ref('Delivery')), failed: listOf(ref('Delivery')) },
        },
      },
      errors: ['UNAUTHENTICATED', 'FANOUT_DISABLED', 'UPSTREAM_BAD_ANSWER'],
    },
    'voice.events': {
      tag: 'Realtime',
      summary: 'Report what happens in a voice session',
      description: 'Recorded, and told to the boards in the background.',
      examples: {
        started: {
          summary: 'A session begins',
          fields: { type: 'session_started', session_id: 'voice_1', at: '2026-11-23T09:00:00.000Z' },
        },
        latency: {
          summary: 'What the client has measured',
          fields: {
            type: 'latency',
            session_id: 'voice_1',
            at: 1_795_424_400_000,
            data: { name: 'first_audio', ms: 420 },
          },
        },
      },
      answers: { 202: { description: 'Taken', fields: { accepted: flag, id: filled } } },
      errors: ['UPSTREAM_UNAVAILABLE'],
    },
  },
};

export const RETIRED: AreaDescription = {
  path: '/api/realtime-websocket.php',
  routes: {
    // Any method, with the same answer: one stands for them.
    ...Object.fromEntries(['POST', 'PUT', 'PATCH', 'DELETE'].map((method) => [`realtime.retired ${method}`, null])),
    'realtime.retired': {
      tag: 'Realtime',
      summary: 'Retired: see /api/realtime/token',
      isDeprecated: true,
      answers: {},
      errors: ['GONE'],
    },
  },
};
