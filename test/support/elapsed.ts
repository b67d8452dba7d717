/**
 * Milliseconds that tell a wait which is over when it should be from one for a time that must not be waited for, on a
 * machine whose processor is shared and stolen: what is right takes a tenth of it at most, the flaw twice as long or
 * for ever.
 */
export const NOT_WAITED_MS = 15_000;
/** What the time that must not be waited for is set to, where a test can set it (ms). */
export const FAR_TIME_MS = 60_000;

/** Wall-clock milliseconds until `work` is settled; it rejects as the work does. */
export async function elapsedMs(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
