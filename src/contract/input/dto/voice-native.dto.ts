import type { PhpValue } from '../../../routing/index.js';
import { required } from '../conditional-rules.js';
import { eventKind, moment } from '../event-rules.js';
import { InputDto } from '../input-dto.js';
import * as php from '../php-checks.js';
import { Obeys, type Rule } from '../rule.js';
import { choice, isPhpValue, pathPart, record, text } from '../rules.js';

const MAX_PAYLOAD_BYTES = 8192;
/** Objects and lists within each other, the payload itself being the first. */
const MAX_PAYLOAD_DEPTH = 8;
/** Milliseconds: whoever waited longer than ten minutes did not wait. */
const MAX_LATENCY_MS = 600_000;

/** What a client reports of a voice session. */
const VOICE_EVENT_TYPES = [
  'session_started',
  'session_ended',
  'turn',
  'transcript',
  'latency',
  'reconnect',
  'fallback',
  'error',
] as const;
/** What a client measures: from its request to the client secret, the open socket, the first sound, the first word. */
const LATENCY_NAMES = ['token', 'connect', 'first_audio', 'first_transcript'] as const;

/** `POST /api/voice/fanout`: what the boards are told. What passes here PHP takes, too. */
@InputDto('voice.fanout')
export class VoiceFanoutDto {
  /** The event's own name: one that comes again is not delivered again. */
  @Obeys(pathPart(128))
  id?: string | null;

  @Obeys(eventKind())
  kind: string;

  @Obeys(text(0, 4000, { isMultiline: true }))
  text?: string | null;

  @Obeys(moment())
  at?: string | number | null;

  @Obeys(payload())
  payload?: PhpValue;
}

/** `POST /api/voice/events`: what a client tells of its session. */
@InputDto('voice.events')
export class ClientVoiceEventDto {
  @Obeys(required(choice(...VOICE_EVENT_TYPES)))
  type: string;

  @Obeys(required(pathPart(128)))
  session_id: string;

  @Obeys(required(realMoment()))
  at: string | number;

  @Obeys(payload())
  @Obeys(measurement(), 'measurement')
  data?: PhpValue;
}

function payload(): Rule {
  const { check, describe } = record(MAX_PAYLOAD_BYTES);
  return {
    describe,
    check: (value, sent) =>
      isPhpValue(value) && depthOf(value) > MAX_PAYLOAD_DEPTH
        ? `must not be nested deeper than ${MAX_PAYLOAD_DEPTH} levels`
        : check(value, sent),
  };
}

function depthOf(value: PhpValue): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value as Readonly<Record<string, PhpValue>>).map(depthOf));
}

/** PHP stores what looks like a moment; a row needs one that every database knows: one that it refuses costs its whole batch. */
function realMoment(): Rule {
  const { check, describe } = moment();
  return {
    describe,
    check: (value, sent) =>
      check(value, sent) ?? (typeof value === 'string' ? check(new Date(value).getTime(), sent) : undefined),
  };
}

/** `data` of a latency: its name, and milliseconds. */
function measurement(): Rule {
  return {
    check: (value, sent) => {
      if (sent['type'] !== 'latency') return undefined;
      const fields = isPhpValue(value) ? php.recordOf(value) : undefined;
      const { name, ms } = fields ?? {};
      const isKnown = LATENCY_NAMES.some((known) => known === name);
      const isTime = typeof ms === 'number' && ms >= 0 && ms <= MAX_LATENCY_MS;
      return isKnown && isTime
        ? undefined
        : `must be {name, ms}: one of ${LATENCY_NAMES.join(', ')}, and 0 to ${MAX_LATENCY_MS}`;
    },
    describe: () => ({
      schema: {
        description: `With type latency {name, ms}: one of ${LATENCY_NAMES.join(', ')}, and 0 to ${MAX_LATENCY_MS}`,
      },
    }),
  };
}
