import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes that `work` leaves held, after a collection on either side: what waits for the collector does not count. */
export function heldBytes(work: () => void): number {
  const before = bytesNow();
  work();
  return bytesNow() - before;
}

function bytesNow(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
