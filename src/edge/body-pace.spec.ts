import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { BodyPace } from './body-pace.js';

describe('the pace of a body', () => {
  let req: IncomingMessage;
  let fail: jest.Mock<() => void>;
  let pace: BodyPace;
  /** Brings `bytes` every `everyMs` until `untilMs` have passed or the body is given up; how long it lived. */
  const trickle = (bytes: number, everyMs: number, untilMs: number): number => {
    let passed = 0;
    while (passed < untilMs && fail.mock.calls.length === 0) {
      jest.advanceTimersByTime(everyMs);
      passed += everyMs;
      pace.note(bytes);
    }
    return passed;
  };
  beforeEach(() => {
    jest.useFakeTimers();
    req = new IncomingMessage(new Socket());
    req.on('data', () => undefined);
    fail = jest.fn<() => void>();
    pace = new BodyPace(req, 20_000, fail);
  });
  afterEach(() => {
    pace.stop();
    jest.useRealTimers();
  });

  it('gives up a client that is silent for as long as its route allows', () => {
    jest.advanceTimersByTime(19_999);
    expect(fail).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(fail).toHaveBeenCalledTimes(1);
  });

  it('gives up one that sends a byte every 19 seconds, after a minute and a little', () => {
    expect(trickle(1, 19_000, 600_000)).toBe(76_000);
    expect(fail).toHaveBeenCalledTimes(1);
  });

  it('gives up one that has sent a lot and then trickles: haste is not saved for later', () => {
    pace.note(50_000_000);
    expect(trickle(1, 19_000, 600_000)).toBe(76_000);
  });

  it('lets a slow mobile network take its time: 600 bytes a second, in bursts, for an hour', () => {
    expect(trickle(600, 1000, 3_600_000)).toBe(3_600_000);
    expect(trickle(10_000, 15_000, 3_600_000)).toBe(3_600_000);
    expect(fail).not.toHaveBeenCalled();
  });

  it('does not count the time for which PHP takes nothing', () => {
    pace.note(10);
    req.pause();
    jest.advanceTimersByTime(3_600_000);
    expect(fail).not.toHaveBeenCalled();
    req.emit('resume');
    jest.spyOn(req, 'isPaused').mockReturnValue(false);
    jest.advanceTimersByTime(1000);
    pace.note(10);
    expect(fail).not.toHaveBeenCalled();
  });

  it('fails once, and not after it was stopped', () => {
    trickle(1, 19_000, 600_000);
    expect(pace.note(1)).toBe(false);
    jest.advanceTimersByTime(60_000);
    expect(fail).toHaveBeenCalledTimes(1);
  });
});
