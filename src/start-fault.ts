import { ConfigError, type GatewayConfig } from './config/index.js';
import { RouteTableError } from './routing/index.js';
import { LogFileError } from './trace/index.js';

/** Exit codes of sysexits.h: bad usage, bad configuration, a service that is not there. */
export const EX_USAGE = 64;
export const EX_UNAVAILABLE = 69;
export const EX_CONFIG = 78;

/** The gateway cannot start, for a reason that a sentence tells. */
export class StartFault extends Error {
  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
  }
}

/** Turns what commonly goes wrong at start into one clear sentence. */
export function explain(error: unknown, { http: { host, port } }: GatewayConfig): unknown {
  if (error instanceof RouteTableError) return new StartFault(error.message, EX_CONFIG);
  if (error instanceof ConfigError) return new StartFault(error.message, EX_CONFIG);
  if (error instanceof LogFileError) return new StartFault(`The gateway did not start. ${error.message}`, EX_CONFIG);
  switch (error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined) {
    case 'EADDRINUSE':
      return new StartFault(
        `Port ${port} on ${host} is taken by another program: stop that one, or choose another port, e.g. npm start -- --port ${port + 1}`,
        EX_UNAVAILABLE,
      );
    case 'EACCES':
      return new StartFault(
        `Port ${port} on ${host} may not be used by this user: choose one above 1023, e.g. npm start -- --port 3000`,
        EX_UNAVAILABLE,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new StartFault(`${host} is no address of this machine: set HOST, e.g. HOST=127.0.0.1`, EX_CONFIG);
    default:
      return error;
  }
}
