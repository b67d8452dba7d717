const MOST_RUNS = 5;

/**
 * Holds repeatable work to a bound of CPU milliseconds: the best of up to five runs counts, since a machine that is shared
 * charges a run with what others took.
 * @throws Error when no run keeps the bound
 */
export function expectCpuBelow(boundMs: number, work: () => void): void {
  const runs: number[] = [];
  while (runs.length < MOST_RUNS) {
    runs.push(cpuMs(work));
    if (Math.min(...runs) < boundMs) return;
  }
  throw new Error(`took ${runs.map(Math.round).join(', ')} ms of CPU, not less than ${boundMs}`);
}

/** CPU milliseconds of one run. */
export function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
