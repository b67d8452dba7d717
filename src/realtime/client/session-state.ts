/**
 * ```
 * idle → connecting → ready ⇄ listening → thinking → speaking → ready
 *            │          └─ (connection lost) → reconnecting → ready | listening | thinking
 *            └─ failed / closed (from anywhere) → connecting
 * ```
 */
export type SessionState =
  'idle' | 'connecting' | 'ready' | 'listening' | 'thinking' | 'speaking' | 'reconnecting' | 'closed' | 'failed';

const UP: readonly SessionState[] = ['ready', 'listening', 'thinking', 'speaking'];

const NEXT: Readonly<Record<SessionState, readonly SessionState[]>> = {
  idle: ['connecting', 'closed'],
  connecting: [...UP, 'failed', 'closed'],
  ready: [...UP, 'reconnecting', 'failed', 'closed'],
  listening: [...UP, 'reconnecting', 'failed', 'closed'],
  thinking: [...UP, 'reconnecting', 'failed', 'closed'],
  speaking: [...UP, 'reconnecting', 'failed', 'closed'],
  reconnecting: [...UP, 'failed', 'closed'],
  closed: ['connecting'],
  failed: ['connecting', 'closed'],
};

/** Whether the connection is there in this state. */
export function isUp(state: SessionState): boolean {
  return UP.includes(state);
}

/** Whether a session in this state has been left or given up, or not begun. */
export function isOver(state: SessionState): boolean {
  return state === 'idle' || state === 'closed' || state === 'failed';
}

/** Keeps the state; what the table above does not know does not happen. */
export class StateMachine {
  private current: SessionState = 'idle';

  get state(): SessionState {
    return this.current;
  }

  /** Whether the state has changed. */
  move(to: SessionState): boolean {
    if (to === this.current || !NEXT[this.current].includes(to)) return false;
    this.current = to;
    return true;
  }
}
