import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMicros } from './cpu-time.mjs';

const START_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 3000;

/** What runs: ended in any case, also when the bench is interrupted. */
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

/**
 * Starts a program bound to one processor, with nothing of the caller's environment but PATH.
 * `cpu`: as taskset takes it, such as '0' or '0,1'. `isAsked`: it is asked by messages (Node's IPC).
 */
export function startProgram({ name, cpu, command, args, env = {}, cwd, isAsked = false }) {
  const child = spawn('taskset', ['-c', cpu, command, ...args], {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'ignore', 'pipe', ...(isAsked ? ['ipc'] : [])],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (said = (said + text).slice(-4000)));
  running.add(child);
  child.once('exit', () => running.delete(child));
  return {
    name,
    child,
    pid: child.pid,
    /** Microseconds of processor time so far, its children's included. */
    cpuMicros: () => cpuMicros(child.pid),
    fail: (why) => new Error(`${name}: ${why}${said === '' ? '' : `\n${said}`}`),
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    async stop() {
      if (!running.has(child)) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const hard = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
      await ended;
      clearTimeout(hard);
    },
  };
}

/** Waits until `isReady()` resolves to true. @throws when the program ends before, or does not get there in time */
export async function untilReady(program, isReady) {
  for (const until = Date.now() + START_WITHIN_MS; ; await sleep(20)) {
    if (await isReady().catch(() => false)) return;
    if (program.hasEnded()) throw program.fail('ended at once');
    if (Date.now() > until) throw program.fail('did not get ready');
  }
}
