import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { type CheckResult, fault, ok, warning } from '../check.js';
import { describeError } from '../describe-error.js';

const SOON_DAYS = 21;
const DAY_MS = 86_400_000;

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Host and port of a URL, the port by its scheme where it is left out. */
export function endpointOf(address: string, defaultPort: number): Endpoint {
  const { hostname, port } = new URL(address);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? defaultPort : Number(port) };
}

/** Whether an endpoint is this machine. */
export function isLoopback({ host }: Endpoint): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127(\.\d+){3}$/.test(host);
}

/** Resolves a name and opens a connection; what is found ends with a fault where that fails. `whose`: its setting. */
export async function* findConnection(
  name: string,
  { host, port }: Endpoint,
  whose: string,
  signal: AbortSignal,
): AsyncGenerator<CheckResult, boolean> {
  if (isIP(host) === 0) {
    try {
      await lookup(host);
    } catch (error) {
      yield fault(
        name,
        `${host}: ${describeError(error)}`,
        `correct the host in ${whose}, or this machine's name service`,
      );
      return false;
    }
  }
  try {
    const socket = await openTcp({ host, port }, signal);
    socket.destroy();
  } catch (error) {
    yield fault(
      name,
      `${host} port ${port}: ${describeError(error)}`,
      `start it, open the firewall between, or correct ${whose}`,
    );
    return false;
  }
  return true;
}

/** @throws a system error */
export async function openTcp({ host, port }: Endpoint, signal: AbortSignal): Promise<Socket> {
  const socket = connectTcp({ host, port, signal });
  // Later errors are those of whoever reads; without a listener they would end the process.
  socket.on('error', () => undefined);
  await once(socket, 'connect', { signal });
  return socket;
}

export interface TlsOptions {
  /** A socket that is open already (STARTTLS). */
  readonly socket?: Socket;
  /** PEM of further authorities. */
  readonly ca?: string;
}

/** Opens TLS whoever the other side is: whether its certificate holds is then the socket's `authorized`. @throws a system error */
export async function openTls(
  { host, port }: Endpoint,
  signal: AbortSignal,
  { socket, ca }: TlsOptions = {},
): Promise<TLSSocket> {
  const tls = connectTls({
    ...(socket === undefined ? { host, port } : { socket }),
    ...(isIP(host) === 0 ? { servername: host } : { host }),
    ...(ca === undefined ? {} : { ca }),
    rejectUnauthorized: false,
  });
  tls.on('error', () => undefined);
  const abort = (): void => void tls.destroy();
  signal.addEventListener('abort', abort, { once: true });
  await once(tls, 'secureConnect', { signal });
  return tls;
}

/** What a TLS connection's certificate says of itself. */
export function judgeCertificate(name: string, socket: TLSSocket, whose: string): CheckResult {
  const { valid_to: until } = socket.getPeerCertificate();
  const days = Math.floor((Date.parse(until) - Date.now()) / DAY_MS);
  if (!socket.authorized) {
    // Its types say Error, its code a string that is the error's code.
    const reason: unknown = socket.authorizationError;
    const why = describeError(typeof reason === 'string' ? { code: reason } : reason);
    return fault(
      name,
      `the gateway will not talk to it: ${why}`,
      `renew the certificate, or make ${whose} name the host for which it was issued; for an authority of your own start Node with NODE_EXTRA_CA_CERTS=/path/ca.pem`,
    );
  }
  const found = `${socket.getProtocol() ?? 'TLS'}, certificate valid for ${days} more days`;
  return days < SOON_DAYS ? warning(name, found, 'renew the certificate before it expires') : ok(name, found);
}
