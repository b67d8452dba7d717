import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Jest has written its result by then and only waits for what a test left open. */
const EXIT_WITHIN_MS = 15_000;

/**
 * Runs npm with no stdin. Jest prints its report on stderr, and with --json the whole result on stdout: not shown.
 * With `endsWith` a process that does not end within 15 s of that file's being there is killed: `isCut` is true then.
 */
export function runNpm(args, { cwd, isShown, endsWith }) {
  const started = performance.now();
  const npm = process.env.npm_execpath;
  const [command, ...rest] = npm?.endsWith('.js') ? [process.execPath, npm, ...args] : ['npm', ...args];
  return new Promise((resolve) => {
    const child = spawn(command, rest, {
      cwd,
      stdio: ['ignore', 'pipe', isShown ? 'inherit' : 'pipe'],
      detached: endsWith !== undefined,
    });
    let isCut = false;
    if (endsWith !== undefined) {
      endAfter(endsWith, child, () => (isCut = true));
      // A group of its own does not hear the terminal's Ctrl-C.
      const hand = (signal) => process.kill(-child.pid, signal);
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
        process.once(signal, hand);
        child.once('close', () => process.removeListener(signal, hand));
      }
    }
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr?.on('data', (chunk) => chunks.push(chunk));
    const done = (code) =>
      resolve({ code, isCut, output: Buffer.concat(chunks).toString(), seconds: (performance.now() - started) / 1000 });
    child.once('error', (error) => done(chunks.push(Buffer.from(String(error)))));
    child.once('close', (code) => done(code ?? 1));
  });
}

/**
 * Once `file` is there, a process that does not end by itself is ended, with its group: something was left open, and
 * waiting for it would take for ever.
 */
function endAfter(file, child, onCut) {
  let timer;
  const watch = setInterval(() => {
    if (!existsSync(file)) return;
    clearInterval(watch);
    timer = setTimeout(() => {
      console.log(
        '    the tests are done but something they left open keeps Jest from ending (jest --detectOpenHandles)',
      );
      onCut();
      process.kill(-child.pid, 'SIGKILL');
    }, EXIT_WITHIN_MS);
  }, 500);
  child.once('exit', () => {
    clearInterval(watch);
    clearTimeout(timer);
  });
}
