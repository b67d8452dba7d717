import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

/** How many lines of what a process said are kept, to be shown where it failed. */
const KEPT_LINES = 60;

/** Starts a program in a group of its own, so that its children end with it, and keeps the end of what it says. */
export function startProgram(program, args, { cwd, env }) {
  const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines = [];
  let rest = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts);
      lines.splice(0, Math.max(0, lines.length - KEPT_LINES));
    });
  let fault;
  const ended = new Promise((resolve) => {
    child.once('error', (error) => {
      fault = error.code === 'ENOENT' ? `${program} is not installed` : error.message;
      resolve();
    });
    child.once('exit', resolve);
  });
  const hasEnded = () => fault !== undefined || child.exitCode !== null || child.signalCode !== null;
  return {
    ended,
    hasEnded,
    /** How it ended, in words. */
    end: () => fault ?? `ended with ${child.signalCode ?? child.exitCode}`,
    said: () => [...lines, rest].filter((line) => line !== '').join('\n'),
    /** Asks it to end and waits; after `graceMs` its whole group is killed. */
    stop: async (graceMs) => {
      if (child.pid === undefined) return;
      if (!hasEnded()) child.kill('SIGTERM');
      const timer = setTimeout(() => killGroup(child.pid), graceMs);
      await ended;
      clearTimeout(timer);
      killGroup(child.pid);
    },
  };
}

/** Processes that name `folder` in their environment, command line or working directory. Linux; elsewhere none is found. */
export function findProcessesOf(folder) {
  return (
    listNames('/proc')
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .filter((pid) => ['environ', 'cmdline'].some((file) => readProc(pid, file).includes(folder)))
      .map((pid) => ({
        pid: Number(pid),
        command: readProc(pid, 'cmdline').replaceAll('\0', ' ').trim().slice(0, 120),
      }))
      // One that has ended and was not waited for has no command line.
      .filter(({ command }) => command !== '')
  );
}

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}

function listNames(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readProc(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
