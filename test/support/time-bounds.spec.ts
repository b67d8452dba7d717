import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expectCpuBelow, expectCpuTimes } from './cpu-time.js';
import { holdsOnce } from './holds-once.js';
import { sendRaw } from './raw-client.js';

function turn(times: number): void {
  const cells = new Uint32Array(1024);
  for (let i = 0; i < times; i++) cells[i & 1023] = (cells[i & 1023] ?? 0) ^ i;
}

describe('a bound of time', () => {
  it('is held when one of five attempts holds it, and fails with the last when none does', async () => {
    let runs = 0;
    await holdsOnce(async (run) => {
      runs = run;
      expect(run).toBe(4);
    });
    expect(runs).toBe(4);
    const slow = holdsOnce(async (run) => {
      throw new Error(`attempt ${run}`);
    });
    await expect(slow).rejects.toThrow('attempt 5');
  });

  it('of CPU fails for work that costs more than so many times the plain, or than so much', () => {
    const plain = (): void => turn(2_000_000);
    expectCpuTimes(40, plain, plain);
    expect(() => expectCpuTimes(3, plain, () => turn(20_000_000))).toThrow(/not less than 3 times/);
    expectCpuBelow(1000, plain);
    expect(() => expectCpuBelow(1, () => turn(20_000_000))).toThrow(/not less than 1$/);
  });

  it('of silence is counted in turns of the process: one that stood still has missed nothing', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined).write('first;');
      setTimeout(() => socket.write('second;'), 20);
      // Longer than the client's patience, before it has heard the second.
      setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300), 10);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const heard = await sendRaw(port, 'x', 100);
    server.close();
    expect(heard).toBe('first;second;');
  });
});
