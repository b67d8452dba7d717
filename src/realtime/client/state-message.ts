import type { SessionState } from './session-state.js';
import { faultMessage } from './voice-error.js';

const STATE_MESSAGES: Readonly<Record<SessionState, string>> = {
  idle: 'Not connected.',
  connecting: 'Connecting to Donna …',
  ready: 'Donna is ready.',
  listening: 'Donna listens …',
  thinking: 'Donna thinks …',
  speaking: 'Donna speaks …',
  reconnecting: 'The connection was lost. Connecting again …',
  closed: 'The conversation has ended.',
  failed: 'The conversation could not go on.',
};

/**
 * A state in words for people. @param reason a fault's code, or what was done
 * @param attempt of those to connect, from 1: the first that fails need not trouble anybody
 */
export function stateMessage(state: SessionState, reason: string, attempt = 0): string {
  const fault = state === 'failed' || attempt > 1 ? faultMessage(reason) : undefined;
  return fault ?? (reason === 'voice' ? 'Donna changes her voice …' : STATE_MESSAGES[state]);
}
