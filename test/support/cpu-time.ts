/** CPU milliseconds that work takes: unlike time on the clock, not longer because the machine does something else. */
export function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
