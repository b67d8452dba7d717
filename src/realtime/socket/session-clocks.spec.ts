import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SessionClocks } from './session-clocks.js';

const LIMITS = { idleMs: 1000, lifeMs: 60_000, recheckMs: 100 };

describe('the clocks of a session', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('all stand still when the token expired while it was being verified', () => {
    const events = {
      onNotAuthenticated: jest.fn(),
      onTokenExpired: jest.fn(() => clocks.stop()),
      onRecheck: jest.fn(),
      onIdle: jest.fn(),
      onTooLong: jest.fn(),
    };
    const clocks = new SessionClocks(500, LIMITS, events);
    clocks.authenticated(Date.now() / 1000 - 0.001);
    expect(events.onTokenExpired).toHaveBeenCalledTimes(1);
    expect(jest.getTimerCount()).toBe(0);
  });
});
