import { describe, expect, it, jest } from '@jest/globals';
import { type SharedState, StateUnavailableError } from '../../state/index.js';
import { SeenMessages } from './seen-messages.js';
import { eventually } from '../../../test/support/eventually.js';

/** One state for several instances, which a test can take away. */
class SwitchedState implements Pick<SharedState, 'add' | 'delete'> {
  isUp = true;
  private readonly known = new Set<string>();

  add(key: string): Promise<boolean> {
    if (!this.isUp) return Promise.reject(new StateUnavailableError());
    const isNew = !this.known.has(key);
    this.known.add(key);
    return Promise.resolve(isNew);
  }

  delete(key: string): Promise<void> {
    if (!this.isUp) return Promise.reject(new StateUnavailableError());
    this.known.delete(key);
    return Promise.resolve();
  }
}

function twoInstances() {
  const state = new SwitchedState();
  const warn = jest.fn();
  const make = (): SeenMessages => new SeenMessages(state as unknown as SharedState, { warn });
  return { state, warn, one: make(), two: make() };
}

describe('messages that were seen', () => {
  it('are refused by every instance, until they are forgotten', async () => {
    const { one, two } = twoInstances();
    expect(await one.remember('m', 1000)).toBe(true);
    expect(await one.remember('m', 1000)).toBe(false);
    expect(await two.remember('m', 1000)).toBe(false);
    await one.forget('m');
    expect(await two.remember('m', 1000)).toBe(true);
    expect(await one.remember('m', 1000)).toBe(false);
  });

  it('are taken by one of two instances that see them at once', async () => {
    const { one, two } = twoInstances();
    const taken = await Promise.all([one, two, one, two].map((instance) => instance.remember('m', 1000)));
    expect(taken.filter(Boolean)).toHaveLength(1);
  });

  it('are refused by the instance that took them while the shared state is gone, and it says so once', async () => {
    const { state, warn, one } = twoInstances();
    await one.remember('before', 1000);
    state.isUp = false;
    expect(await one.remember('before', 1000)).toBe(false);
    expect(await one.remember('during', 1000)).toBe(true);
    expect(await one.remember('during', 1000)).toBe(false);
    await one.forget('during');
    expect(await one.remember('during', 1000)).toBe(true);
    expect(warn).toHaveBeenCalledTimes(1);
    state.isUp = true;
    await one.remember('after', 1000);
    state.isUp = false;
    await one.remember('again', 1000);
    expect(warn).toHaveBeenCalledTimes(2);
  });

  it('are forgotten when their time is over', async () => {
    const { state, one } = twoInstances();
    state.isUp = false;
    await one.remember('m', 20);
    await eventually(() => one.remember('m', 20));
  });

  it('do not hide a fault of another kind', async () => {
    const state = { add: () => Promise.reject(new TypeError('a bug')) } as unknown as SharedState;
    const seen = new SeenMessages(state, { warn: jest.fn() });
    for (let i = 0; i < 2; i++) await expect(seen.remember('m', 1000)).rejects.toThrow('a bug');
  });
});
