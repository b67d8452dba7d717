import { setTimeout as sleep } from 'node:timers/promises';

const STEP_MS = 5;
const MAX_STEP_MS = 25;

/**
 * Waits until a condition holds, however busy the machine is.
 * @throws Error after `withinMs` ms, which is no bound of what is tested: a bound is asserted by itself
 */
export async function eventually(condition: () => boolean | Promise<boolean>, withinMs = 15_000): Promise<void> {
  const startedAt = performance.now();
  while (!(await condition())) {
    const waitedMs = performance.now() - startedAt;
    if (waitedMs > withinMs) throw new Error(`waited ${withinMs} ms in vain`);
    // Who has waited for long can wait a tenth longer: what is asked may cost a request, or a process.
    await sleep(Math.min(MAX_STEP_MS, Math.max(STEP_MS, waitedMs / 10)));
  }
}

/**
 * Lets this process take its turns for some time, for what leaves no trace to wait for: bytes that reach a server of this
 * process, or something that must not happen. Counted in turns: one long stop of the process is not taken for all of it.
 */
export async function settle(ms: number): Promise<void> {
  for (let spent = 0; spent < ms; spent += STEP_MS) await sleep(STEP_MS);
}
