import { describe, expect, it } from '@jest/globals';
import { RECENT_MS, RecentErrors } from './recent-errors.js';

function seen(requests: number, errors: number, recent = new RecentErrors(undefined), now = 0): RecentErrors {
  for (let at = 0; at < requests; at += 1) recent.add(at < errors, now);
  return recent;
}

describe('the errors of the last minutes', () => {
  it.each([
    [1, 1, false],
    [2, 2, false],
    [3, 3, true],
    [20, 5, false],
    [20, 7, true],
    [1000, 50, false],
    [1000, 80, true],
    [0, 0, false],
  ])('of %i requests with %i errors are bad: %s', (requests, errors, isBad) => {
    expect(seen(requests, errors).state(0)).toMatchObject({ requests, errors, isBad });
  });

  it('are forgotten after five minutes, and hold no memory for longer', () => {
    const recent = seen(20, 20);
    expect(recent.state(RECENT_MS - 1)).toMatchObject({ requests: 20, isBad: true });
    expect(recent.state(RECENT_MS)).toMatchObject({ requests: 0, isBad: false });
    for (let at = 0; at < 10_000; at += 1) recent.add(true, at * 5000);
    expect(recent.state(10_000 * 5000).requests).toBeLessThanOrEqual(60);
  });

  it('stay bad until they are well below the limit, so that nobody is called twice for one fault', () => {
    const recent = seen(100, 20);
    expect(recent.state(0).isBad).toBe(true);
    expect(seen(400, 0, recent).state(0)).toMatchObject({ requests: 500, isBad: true });
    expect(seen(400, 0, recent).state(0)).toMatchObject({ requests: 900, isBad: false });
  });

  it('are held against what PHP fails besides, where that is known', () => {
    expect(seen(1000, 80, new RecentErrors({ requests: 500, errors: 50 })).state(0)).toMatchObject({ isBad: false });
  });
});
