/** A wait that was given up; what was asked may still happen. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/** The work's result, within `ms` milliseconds. @throws DeadlineError; what the work throws */
export async function withDeadline<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
