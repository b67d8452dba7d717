/** Stages can be neither saved nor looked up now; `why`, where it is known, is for whoever operates the gateway. */
export class StagesUnavailableError extends Error {
  override readonly name = 'StagesUnavailableError';

  constructor(readonly why: string | undefined) {
    super(why ?? 'the database failed');
  }
}
