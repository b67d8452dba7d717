import { browser } from './environment.js';
import { VoiceSession, type VoiceSessionOptions } from './voice-session.js';

/** A session for this page; nothing happens before `connect`. */
export function createVoiceSession(options: VoiceSessionOptions = {}): VoiceSession {
  return new VoiceSession(browser, options);
}
