import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Runs a command in a process group of its own that ends with its parent, however the parent ends.
 *
 * The shell keeps the read end of a pipe whose only write end the parent holds: when the parent dies, even by
 * `kill -9`, the pipe closes and the shell ends the whole group. It also ends the group when the command itself dies,
 * since a `php -S` master leaves its workers behind.
 */
export const watchdogScript = [
  'unset PWD OLDPWD SHLVL _ 2>/dev/null',
  'exec 3<&0 </dev/null',
  "{ read -r _ <&3; trap '' TERM; kill -TERM 0; sleep 2; kill -KILL 0; } &",
  '"$@" 3<&-',
  "trap '' TERM; kill -TERM 0; sleep 1; kill -KILL 0",
].join('\n');

/** A command with all that it started. */
export class ProcessGroup {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string>>, cwd: string) {
    this.child = spawn('/bin/sh', ['-c', watchdogScript, 'sh', command, ...args], {
      cwd,
      env: { ...env },
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    this.child.stdin?.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      this.child.once('exit', () => resolve()).once('error', () => resolve());
    });
  }

  /** SIGTERM to the whole group, SIGKILL to what is left of it after two seconds. */
  async end(graceMs = 2000): Promise<void> {
    this.#signal('SIGTERM');
    if (!(await this.#isGoneWithin(graceMs))) {
      this.#signal('SIGKILL');
      // Bounded: where nobody reaps orphans, a dead worker stays in the process table for good.
      await this.#isGoneWithin(500);
    }
    this.child.stdin?.destroy();
    await this.ended;
  }

  async #isGoneWithin(ms: number): Promise<boolean> {
    const last = performance.now() + ms;
    while (this.#signal(0)) {
      if (performance.now() > last) return false;
      await sleep(20);
    }
    return true;
  }

  #signal(signal: NodeJS.Signals | 0): boolean {
    const leader = this.child.pid;
    if (leader === undefined) return false;
    try {
      return process.kill(-leader, signal);
    } catch {
      return false;
    }
  }
}
