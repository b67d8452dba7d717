/** @see free-port.mjs */
export function findFreePort(): Promise<number>;
