import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until a condition holds, however busy the machine is.
 * @throws Error after `withinMs` ms, which is no bound of what is tested: a bound is asserted by itself
 */
export async function eventually(condition: () => boolean | Promise<boolean>, withinMs = 15_000): Promise<void> {
  const startedAt = performance.now();
  while (!(await condition())) {
    if (performance.now() - startedAt > withinMs) throw new Error(`waited ${withinMs} ms in vain`);
    await sleep(5);
  }
}
