/** Work that can be interrupted: each `yield` is a place where others may have their turn. */
export type Steps<Result> = Generator<undefined, Result, undefined>;

/** Values between two places where work may be interrupted. */
export const SLICE = 256;
/** Milliseconds that work goes on before others have their turn. */
const TURN_MS = 4;

/** Does the work at once. */
export function atOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** Does the work in turns of some milliseconds, between which the event loop serves others. */
export async function inSlices<Result>(steps: Steps<Result>): Promise<Result> {
  for (let until = performance.now() + TURN_MS; ;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    if (performance.now() < until) continue;
    await new Promise((resolve) => setImmediate(resolve));
    until = performance.now() + TURN_MS;
  }
}
