/**
 * Work of a dry run that must not reach the database: it came after the roll-back, asked for a commit of its own, or went round
 * the transaction; or there was no room for one more dry run. The message says which, and holds no values.
 */
export class DryRunError extends Error {
  override readonly name = 'DryRunError';

  constructor(
    readonly code: 'ended' | 'late' | 'busy' | 'refused',
    message: string,
  ) {
    super(message);
  }
}
