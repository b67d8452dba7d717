import type { TokenRequest } from '../../tokens/index.js';

/** The command line asks for what cannot be. */
export class UsageError extends Error {}

/** What a command was asked, by a command line of its own. */
export type OwnOptions<Options> =
  | { readonly kind: 'help'; readonly help: string }
  | { readonly kind: 'fault'; readonly problem: string }
  | { readonly kind: 'run'; readonly options: Options };

/** What whoever runs a command may do. */
export interface OperatorAccess {
  /** The gateway, without a slash at its end. */
  readonly base: string;
  /** An administrator's access token, fresh where it is made here. @throws UsageError */
  readonly adminToken: () => string;
  /** @throws UsageError */
  readonly readToken: (file: string) => string;
  /** A token of this configuration's JWT_SECRET; undefined where there is none. */
  readonly mint: (request: TokenRequest) => string | undefined;
}

/** Reads a command line of one's own. `read` may throw an Error that says what is wrong. */
export function readOwn<Options>(help: string, isHelp: boolean, read: () => Options): OwnOptions<Options> {
  if (isHelp) return { kind: 'help', help };
  try {
    return { kind: 'run', options: read() };
  } catch (error) {
    // By its shape: what Node throws is not of this realm under a test runner.
    const { message } = error as { readonly message?: unknown };
    return { kind: 'fault', problem: typeof message === 'string' ? message : 'the arguments cannot be read' };
  }
}
