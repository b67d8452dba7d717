import { AdminCallError } from './admin-client.js';

/** What is thrown where an answer has not the form that a gateway of this release gives it, as what it is; any other error as it is. */
export function asAnswerFault(error: unknown, base: string): unknown {
  if (!(error instanceof TypeError)) return error;
  return new AdminCallError(`${base} does not answer as a Donna Gateway of this release: check --base`, 500);
}
