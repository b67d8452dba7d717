import { AsyncLocalStorage } from 'node:async_hooks';
import { reportTheEnd } from '../../errors/index.js';

/** Hears of a fault that a native handler left to nobody. */
export type TellStray = (fault: unknown) => void;

const scopes = new AsyncLocalStorage<TellStray>();
let guards = 0;

/**
 * Runs a native handler so that what it leaves uncaught, now or in any callback or promise it began, is told to `tell` and does
 * not end the process (`keepProcess`).
 */
export function inCandidateScope(tell: TellStray, work: () => void): void {
  scopes.run(tell, work);
}

/**
 * Keeps the process alive where a native handler leaves an error uncaught: thrown in a timer, an event without a listener, a
 * promise that nobody waits for. By default Node ends the process, with every request of every route. An error from anywhere
 * else still ends it: nobody knows what it left behind.
 * @returns takes the guard away again
 */
export function keepProcess(): () => void {
  guards += 1;
  if (guards === 1) {
    process.on('uncaughtException', onUncaught);
    process.on('unhandledRejection', onUnhandled);
  }
  let isTaken = false;
  return () => {
    if (isTaken) return;
    isTaken = true;
    guards -= 1;
    if (guards > 0) return;
    process.off('uncaughtException', onUncaught);
    process.off('unhandledRejection', onUnhandled);
  };
}

function onUncaught(error: unknown): void {
  const tell = scopes.getStore();
  if (tell !== undefined) {
    tell(error);
    return;
  }
  // As Node does without a listener.
  const text = error instanceof Error ? describe(error) : `Uncaught ${typeof error}`;
  process.stderr.write(`${text}\n`);
  reportTheEnd(error, () => process.exit(1));
}

/** Its class and place; a message may hold data. */
function describe({ name, message, stack = '' }: Error): string {
  const frames = stack.slice(stack.indexOf(message) + message.length).split('\n');
  return [`Uncaught ${name}`, ...frames.filter((line) => line.startsWith('    at ')).map((line) => line.trim())].join(
    ' | ',
  );
}

function onUnhandled(reason: unknown): void {
  const tell = scopes.getStore();
  if (tell === undefined) onUncaught(reason);
  else tell(reason);
}
