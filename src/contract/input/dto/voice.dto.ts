import { UploadedFile } from '../../../routing/index.js';
import { byAction, required, when } from '../conditional-rules.js';
import { both, type Condition, has, notOnAction, onNoAction, whenSent, without } from '../conditions.js';
import { IsSafePathPart, IsText } from '../input.decorators.js';
import { InputDto } from '../input-dto.js';
import { fileOf, Obeys, type Rule, type SentFields } from '../rule.js';
import { matching, phone } from '../rules.js';

/** Bytes of audio, in a file or behind its base64. */
const MAX_AUDIO_BYTES = 10 * 1024 * 1024;
const MAX_BASE64 = Math.floor(MAX_AUDIO_BYTES / 3) * 4 + 64;
const TOO_LARGE = { code: 'PAYLOAD_TOO_LARGE', message: 'The audio is larger than 10 MB.' } as const;
const NO_AUDIO = {
  code: 'UNSUPPORTED_MEDIA_TYPE',
  message: 'Only audio files are taken: wav, mp3, ogg, webm, m4a, flac or aac.',
} as const;
const OF_CALL = notOnAction('initiate_call');
const HAS_AUDIO: Condition = { holds: hasAudio, where: 'sent' };
const HAS_NO_AUDIO: Condition = { holds: (sent) => !hasAudio(sent), where: { without: 'audio' } };
/** Telnyx' ids hold colons, so they are no path part. */
const CALL_ID = matching(/^[A-Za-z0-9][A-Za-z0-9:_-]{0,191}$/, 'must be the id of a call');

/** `POST /api/voice-chat.php`, `action: text_to_speech` or `synthesize`. */
@InputDto('voice.speak')
export class SpeakDto {
  @IsText(1, 5000, { isMultiline: true, isRequired: true })
  text: string;

  @IsSafePathPart()
  voice_id?: string | null;
}

/** `action: upload_audio`: one file, which is known by its bytes and not by what the client calls it. */
@InputDto('voice.upload')
export class UploadAudioDto {
  @Obeys(audioFile())
  audio: UploadedFile;
}

/** Without an action a file in `audio` is an upload; other actions have routes of their own. */
@InputDto('voice')
export class VoiceDto {
  @Obeys(
    when(
      both(
        onNoAction((sent) => !has(sent, 'action')),
        HAS_AUDIO,
      ),
      audioFile(),
    ),
  )
  audio?: UploadedFile;
}

/** `action: speech_to_speech`: a file, or base64 in `audio_data`. */
@InputDto('voice.converse')
export class ConverseDto {
  @Obeys(when(HAS_AUDIO, audioFile()))
  audio?: UploadedFile;

  @Obeys(when(HAS_NO_AUDIO, base64Audio()))
  audio_data?: string;

  @IsSafePathPart()
  voice_id?: string | null;
}

/** The commands to a telephone call; it is named by `call_control_id` or `call_id`. */
@InputDto('voice.calls')
export class PhoneCallDto {
  @Obeys(byAction({ initiate_call: required(phone()), transfer_call: required(phone()) }))
  to?: string;

  @Obeys(byAction({ initiate_call: phone() }))
  from?: string | null;

  @Obeys(when(both(OF_CALL, whenSent('call_control_id')), CALL_ID))
  call_control_id?: string;

  @Obeys(when(both(OF_CALL, without('call_control_id')), CALL_ID))
  call_id?: string;
}

function hasAudio(sent: SentFields): boolean {
  return fileOf(sent, 'audio') !== undefined;
}

function audioFile(): Rule {
  return {
    check: (_value, sent) => {
      const file = fileOf(sent, 'audio');
      if (!(file instanceof UploadedFile) || file.clientName === '') return 'is required: one audio file';
      if (file.size > MAX_AUDIO_BYTES) return [TOO_LARGE];
      if (file.size === 0) return 'is empty';
      return isAudio(file.head) ? undefined : [NO_AUDIO];
    },
    describe: () => ({
      schema: { type: 'string', format: 'binary', description: 'wav, mp3, ogg, webm, m4a, flac or aac; at most 10 MB' },
      isRequired: true,
    }),
  };
}

/** Whether it is base64 PHP finds out as it decodes it. */
function base64Audio(): Rule {
  return {
    check: (value) => {
      if (typeof value !== 'string' || value === '')
        return 'is required: audio as base64, or a file in the field audio';
      return value.length > MAX_BASE64 ? [TOO_LARGE] : undefined;
    },
    describe: () => ({
      schema: { type: 'string', contentEncoding: 'base64', minLength: 1, maxLength: MAX_BASE64 },
      isRequired: true,
    }),
  };
}

/** By its first bytes: WAV, MP3 (with and without ID3), AAC, Ogg, WebM, FLAC, MP4. */
function isAudio(head: Buffer): boolean {
  const text = head.toString('latin1');
  const [first = 0, second = 0] = head;
  return (
    (text.startsWith('RIFF') && text.slice(8, 12) === 'WAVE') ||
    ['ID3', 'OggS', '\u001aE\u00df\u00a3', 'fLaC'].some((start) => text.startsWith(start)) ||
    isMpegFrame(head) ||
    (head.length > 2 && first === 0xff && (second & 0xf6) === 0xf0) ||
    text.slice(4, 8) === 'ftyp'
  );
}

/** Frame sync of eleven ones (ISO/IEC 11172-3), then layer I to III, and neither a reserved version, bit rate nor sample rate. */
function isMpegFrame(head: Buffer): boolean {
  const [first = 0, second = 0, third = 0] = head;
  return (
    head.length >= 4 &&
    first === 0xff &&
    (second & 0xe0) === 0xe0 &&
    (second & 0x18) !== 0x08 &&
    (second & 0x06) !== 0 &&
    (third & 0xf0) !== 0xf0 &&
    (third & 0xf0) !== 0 &&
    (third & 0x0c) !== 0x0c
  );
}
