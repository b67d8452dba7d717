/** What went wrong, in words for people: each says what they can do. */
const MESSAGES = {
  network: 'Donna cannot be reached at the moment. Please check your connection.',
  timeout: 'Donna takes too long to answer. Please try again in a moment.',
  unauthenticated: 'Your session has ended. Please sign in again.',
  forbidden: 'Your account or this page may not speak with Donna.',
  busy: 'Donna is very busy. Please try again in a moment.',
  disabled: 'Speaking with Donna is switched off at the moment. You can still write to her.',
  refused: 'Donna could not accept that. Please try something else.',
  bad_answer: 'The server gave an answer that makes no sense. Please try again later.',
  protocol: 'The connection was ended because of a fault. Please try again.',
  ended: 'The conversation has ended. You can start a new one.',
  too_long: 'That is too long. Please say it in fewer words.',
  too_short: 'That was too short. Please hold the button while you speak.',
  not_connected: 'There is no connection to Donna yet. Please connect first.',
  audio_dropped: 'The connection was away for too long: the beginning of what you said is lost.',
  provider_fault: 'Something went wrong at Donna’s end. If she does not answer, please ask again.',
  answer_failed: 'Donna could not answer. Please ask again.',
  microphone_blocked: 'The microphone is blocked. Please allow it for this page in your browser.',
  microphone_missing: 'No microphone was found. You can write to Donna instead.',
  microphone_busy: 'The microphone cannot be used. Perhaps another program has it.',
  microphone_lost: 'The microphone was switched off. Press the button to try again.',
  audio_unsupported: 'This browser cannot record or play sound here. You can write to Donna instead.',
} as const;

export type VoiceFault = keyof typeof MESSAGES;

/** Faults that another attempt would not mend. */
const FINAL: ReadonlySet<VoiceFault> = new Set([
  'unauthenticated',
  'forbidden',
  'disabled',
  'refused',
  'bad_answer',
  'protocol',
  'ended',
]);

/** A fault by its code; `message` may be shown to people and holds nothing of a server's text. */
export class VoiceError extends Error {
  override readonly name = 'VoiceError';

  constructor(
    readonly code: VoiceFault,
    /** How long the server asks to wait, milliseconds. */
    readonly retryAfterMs = 0,
  ) {
    super(MESSAGES[code]);
  }

  get isFinal(): boolean {
    return FINAL.has(this.code);
  }
}

/** A fault in words for people; undefined for what is none. */
export function faultMessage(code: string): string | undefined {
  return Object.entries(MESSAGES).find(([name]) => name === code)?.[1];
}

/** Any thrown value as a {@link VoiceError}: what is unknown is a fault of the network. */
export function toVoiceError(error: unknown): VoiceError {
  return error instanceof VoiceError ? error : new VoiceError('network');
}
