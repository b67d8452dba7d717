import { execFile } from 'node:child_process';
import { existsSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { promisify } from 'node:util';
import { type Check, type CheckResult, fault, ok, warning } from '../check.js';
import type { DoctorFacts } from '../doctor-facts.js';

const NEEDED_NODE = 24;
const ENOUGH_FILES = 4096;
const DAY_MS = 86_400_000;

/** What the gateway runs on: Node, how many connections the system lets it have, the clock. */
export function runtimeChecks({ config }: DoctorFacts): readonly Check[] {
  const { project } = config.directories;
  return [
    { name: 'node', run: () => [judgeNode(process.versions.node, process.execPath, project)] },
    { name: 'open files', run: findOpenFiles },
    { name: 'clock', run: () => [judgeClock(project)] },
  ];
}

function judgeNode(version: string, path: string, project: string): CheckResult {
  const packages = join(project, 'node_modules');
  const isPinned = existsSync(packages) && path.startsWith(realpathSync(packages) + sep);
  const found = `${version}, ${isPinned ? 'the one that the project pins' : "this machine's own"}`;
  return Number(version.split('.')[0]) >= NEEDED_NODE
    ? ok('node', found)
    : fault('node', found, `start by npm, which takes the pinned Node, or install Node ${NEEDED_NODE} or newer`);
}

/** Node has raised the soft limit to the hard one by now, for itself and for what it starts. */
async function* findOpenFiles(signal: AbortSignal): AsyncGenerator<CheckResult> {
  if (process.platform === 'win32') return;
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', 'ulimit -n'], { signal });
  const limit = stdout.trim() === 'unlimited' ? Number.POSITIVE_INFINITY : Number(stdout);
  const found = `${stdout.trim()} at once; a request holds two, the client's and PHP's`;
  yield limit >= ENOUGH_FILES
    ? ok('open files', found)
    : warning('open files', found, `raise it: ulimit -n ${ENOUGH_FILES}, or LimitNOFILE= in the systemd unit`);
}

/** A clock before this program's own files is wrong for certain; that it is right, only others can tell. */
function judgeClock(project: string): CheckResult {
  const builtAt = statSync(join(project, 'package.json'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const now = new Date();
  return now.getTime() > builtAt - DAY_MS
    ? ok('clock', `${now.toISOString().slice(0, 19)}Z`)
    : fault(
        'clock',
        `${now.toISOString()} is before this program was made`,
        'set the clock: no token holds by a wrong one',
      );
}
