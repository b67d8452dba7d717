import { acceptsConnection } from '../forward/index.js';

const TIMEOUT_MS = 1000;

/** Those of the addresses at which nobody accepts a connection within a second. */
export async function findUnreachable(targets: readonly string[]): Promise<readonly string[]> {
  const checked = await Promise.all(
    targets.map(async (target) => ((await acceptsConnection(target, TIMEOUT_MS)) ? [] : [target])),
  );
  return checked.flat();
}
