import { readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second for users, whatever its own clock does (USER_HZ). */
const TICK_MICROS = 10_000;
const AFTER_NAME = 2;
/** Fields 14 to 17 of /proc/<pid>/stat, counted from the third: user, system, and both of the children that have ended. */
const TIMES = [11, 12, 13, 14];

/** Microseconds of processor time of a process and of all that it has started, user and system. */
export function cpuMicros(pid) {
  let own;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + AFTER_NAME).split(' ');
    own = TIMES.reduce((sum, at) => sum + Number(fields[at]), 0) * TICK_MICROS;
  } catch {
    return 0;
  }
  return childrenOf(pid).reduce((sum, child) => sum + cpuMicros(child), own);
}

export function childrenOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
