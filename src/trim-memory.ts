import { Session } from 'node:inspector/promises';

/** Milliseconds that are looked at, and the part of them that a gateway at rest works at most. */
const LOOK_MS = 5000;
const AT_REST = 0.03;

/**
 * Gives back what only the start needed (tens of megabytes that V8 would keep for the next burst), once: in the first pause of
 * some seconds, since it takes 0.1 s. A gateway that has no such pause needs the memory anyway.
 */
export function trimMemoryWhenIdle(): void {
  let last = performance.eventLoopUtilization();
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    if (utilization > AT_REST) return;
    clearInterval(timer);
    // What it cannot give back it keeps: nothing depends on it.
    collect().catch(() => undefined);
  }, LOOK_MS).unref();
}

/** V8's own way, without a flag; the session is inside the process and opens no port. */
async function collect(): Promise<void> {
  const session = new Session();
  session.connect();
  try {
    await session.post('HeapProfiler.collectGarbage');
  } finally {
    session.disconnect();
  }
}
