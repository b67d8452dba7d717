import type { TokenRequest } from '../../tokens/index.js';

/** The command line asks for what cannot be. */
export class UsageError extends Error {}

/** What is asked for is not for here: a token in production. */
export class NotAllowedError extends Error {}

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
