const MOST_RUNS = 5;

/**
 * Repeats an attempt that holds a promise of time, up to five times, until it holds once: what others take of a shared
 * processor makes some attempts slow, a flaw makes all of them so. For nothing but time: what may never happen is no
 * matter of several attempts.
 * @throws the last attempt's failure, when none held
 */
export async function holdsOnce(attempt: (run: number) => Promise<void>): Promise<void> {
  for (let run = 1; run < MOST_RUNS; run++) {
    try {
      return await attempt(run);
    } catch {
      // The next one may meet a quieter machine.
    }
  }
  await attempt(MOST_RUNS);
}
