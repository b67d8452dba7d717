import type { SessionState } from './session-state.js';
import type { VoiceFault } from './voice-error.js';

export interface StateDetail {
  readonly state: SessionState;
  /** Why, as a short code: a {@link VoiceFault} or what was done. */
  readonly reason: string;
  /** For people. */
  readonly message: string;
}

export interface TranscriptDetail {
  readonly role: 'user' | 'assistant';
  /** All of it so far, not only what has come in addition. */
  readonly text: string;
  readonly isFinal: boolean;
  /** Tells one utterance from another; `''` where the server gives none. */
  readonly itemId: string;
}

export interface AudioDetail {
  readonly playback: 'started' | 'ended';
}

export type LatencyName = 'token' | 'connect' | 'first_audio' | 'first_transcript';

export interface LatencyDetail {
  readonly name: LatencyName;
  readonly ms: number;
  readonly path: 'direct' | 'proxy';
}

export interface DeprecationDetail {
  /** What the gateway wants to be sent instead. */
  readonly use: string;
}

export interface ErrorDetail {
  readonly code: VoiceFault;
  /** For people. */
  readonly message: string;
  /** The provider's code, for those who look into it. */
  readonly detail?: string;
}

/** What a page may listen to; each event carries its facts in `detail`. */
export interface VoiceEvents {
  readonly state: StateDetail;
  readonly transcript: TranscriptDetail;
  readonly audio: AudioDetail;
  readonly latency: LatencyDetail;
  readonly deprecation: DeprecationDetail;
  readonly error: ErrorDetail;
}

/** How the parts of a session tell it what happened. */
export type Tell = <Name extends keyof VoiceEvents>(name: Name, detail: VoiceEvents[Name]) => void;

type Listener<Name extends keyof VoiceEvents> = (event: CustomEvent<VoiceEvents[Name]>) => void;

/** An event target that knows its events. */
export class VoiceEventTarget extends EventTarget {
  /** Like `addEventListener`, with the event's type. Returns what takes the listener away again. */
  on<Name extends keyof VoiceEvents>(
    name: Name,
    listener: Listener<Name>,
    options?: AddEventListenerOptions,
  ): () => void {
    const run = (event: Event) => {
      if (event instanceof CustomEvent) listener(event);
    };
    this.addEventListener(name, run, options);
    return () => this.removeEventListener(name, run, options);
  }

  protected tell<Name extends keyof VoiceEvents>(name: Name, detail: VoiceEvents[Name]): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
