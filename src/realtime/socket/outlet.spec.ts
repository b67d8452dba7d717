import { describe, expect, it, jest } from '@jest/globals';
import { WebSocket } from 'ws';
import { Outlet } from './outlet.js';

const BOUNDS = { highWaterBytes: 1000, lowWaterBytes: 100, highWaterFrames: 8, stallMs: 60_000 };

/** A socket whose peer takes a frame when the test says so. */
function outletOf() {
  const waiting: (() => void)[] = [];
  const sent: string[] = [];
  const socket = {
    readyState: WebSocket.OPEN as number,
    send: (frame: Buffer, _options: object, done: () => void) => {
      sent.push(frame.toString());
      waiting.push(done);
    },
  };
  const events = { onFull: jest.fn(), onFree: jest.fn(), onStalled: jest.fn() };
  const outlet = new Outlet(socket as unknown as WebSocket, BOUNDS, events);
  const take = (count: number): void => waiting.splice(0, count).forEach((done) => done());
  return { outlet, socket, events, sent, take };
}

describe('an outlet', () => {
  it('is full by bytes, and free again when little is left', () => {
    const { outlet, events, take } = outletOf();
    for (let i = 0; i < 4; i += 1) outlet.send(Buffer.alloc(250));
    expect(outlet.isFull).toBe(false);
    outlet.send(Buffer.alloc(1));
    expect([outlet.isFull, events.onFull.mock.calls.length]).toEqual([true, 1]);
    outlet.send(Buffer.alloc(250));
    take(4);
    expect([outlet.isFull, events.onFull.mock.calls.length]).toEqual([true, 1]);
    take(2);
    expect([outlet.isFull, events.onFree.mock.calls.length]).toEqual([false, 1]);
    outlet.close();
  });

  it('is full by frames that are too small for their bytes to count', () => {
    const { outlet, events, take } = outletOf();
    for (let i = 0; i < 9; i += 1) outlet.send(Buffer.from('{}'));
    expect(events.onFull).toHaveBeenCalledTimes(1);
    take(6);
    expect(events.onFree).not.toHaveBeenCalled();
    take(1);
    expect(events.onFree).toHaveBeenCalledTimes(1);
    outlet.close();
  });

  it('tells when nothing is taken for long, counted from what was taken last', () => {
    jest.useFakeTimers();
    const { outlet, events, take } = outletOf();
    for (let i = 0; i < 20; i += 1) outlet.send(Buffer.from('{}'));
    jest.advanceTimersByTime(59_000);
    take(1);
    jest.advanceTimersByTime(59_000);
    expect(events.onStalled).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1000);
    expect(events.onStalled).toHaveBeenCalledTimes(1);
    jest.useRealTimers();
    outlet.close();
  });

  it('sends nothing into a socket that closes', () => {
    const { outlet, socket, sent } = outletOf();
    socket.readyState = WebSocket.CLOSING;
    outlet.send(Buffer.from('{}'));
    expect(sent).toEqual([]);
    outlet.close();
  });
});
