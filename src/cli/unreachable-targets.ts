import { connect } from 'node:net';

const TIMEOUT_MS = 1000;

/** Those of the addresses at which nobody accepts a connection within a second. */
export async function findUnreachable(targets: readonly string[]): Promise<readonly string[]> {
  const checked = await Promise.all(targets.map(async (target) => ((await accepts(new URL(target))) ? [] : [target])));
  return checked.flat();
}

function accepts({ hostname, port, protocol }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const host = hostname.replace(/^\[|\]$/g, '');
    const socket = connect({ host, port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port) });
    const finish = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.setTimeout(TIMEOUT_MS, () => finish(false));
    socket.once('connect', () => finish(true)).once('error', () => finish(false));
  });
}
