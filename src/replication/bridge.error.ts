/** PHP's bridge gave no answer that can be used. `unreachable`: nobody knows what became of the question; `refused`: nothing was done. */
export class BridgeError extends Error {
  override readonly name = 'BridgeError';

  constructor(
    readonly kind: 'unreachable' | 'refused',
    /** Short, for the log. */
    readonly fault: string,
    cause?: unknown,
  ) {
    super(`PHP's document bridge is ${kind === 'refused' ? 'there but refuses' : 'not there'}: ${fault}`, { cause });
  }
}
