/**
 * The database cannot be used now. The message is for the log and the command line: it says what is wrong and what to do,
 * and holds no credentials.
 */
export class DatabaseUnavailableError extends Error {
  override readonly name = 'DatabaseUnavailableError';
}
