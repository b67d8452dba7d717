const MOST_RUNS = 5;
/** CPU milliseconds that the yardstick takes on a machine of 2024 that nobody else uses. */
const YARDSTICK_MS = 20;

/**
 * Holds repeatable work to a bound of CPU milliseconds of a quiet machine: each run is measured beside a yardstick, since
 * a machine that is shared charges a process with what others took; the best of up to five runs counts.
 * @throws Error when no run keeps the bound
 */
export function expectCpuBelow(boundMs: number, work: () => void): void {
  const runs: number[] = [];
  while (runs.length < MOST_RUNS) {
    const before = cpuMs(turnYardstick);
    const spent = cpuMs(work);
    const slowness = Math.max(1, (before + cpuMs(turnYardstick)) / 2 / YARDSTICK_MS);
    runs.push(spent / slowness);
    if (Math.min(...runs) < boundMs) return;
  }
  throw new Error(`took ${runs.map(Math.round).join(', ')} ms of CPU, not less than ${boundMs}`);
}

/**
 * Holds work to so many times the CPU of plain work, both measured side by side; the best of up to five runs of each
 * counts.
 * @throws Error when it costs more
 */
export function expectCpuTimes(times: number, plain: () => void, work: () => void): void {
  let [least, most] = [Infinity, Infinity];
  for (let run = 0; run < MOST_RUNS; run++) {
    // Work that takes no time at all says nothing about the machine.
    least = Math.min(least, Math.max(1, cpuMs(plain)));
    most = Math.min(most, cpuMs(work));
    if (most < least * times) return;
  }
  throw new Error(`took ${Math.round(most)} ms of CPU, not less than ${times} times ${least.toFixed(1)} ms`);
}

/** CPU milliseconds of one run. */
export function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function turnYardstick(): void {
  // Within a Jest context a global is looked up anew, and slowly, each time.
  const { imul } = Math;
  const cells = new Uint32Array(4096);
  for (let i = 0; i < 8_000_000; i++) {
    const at = i & 4095;
    cells[at] = imul((cells[at] ?? 0) ^ i, 0x9e37_79b1);
  }
}
