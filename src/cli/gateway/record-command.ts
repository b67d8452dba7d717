import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FixtureFile, FixtureError, readFixture, type RecordingStatus } from '../../experiment/index.js';
import { AdminCallError, callAdmin } from './admin-client.js';
import type { OutputOptions } from './command.js';
import type { RecordBounds, RecordKind } from './commands/record.command.js';
import { type OperatorAccess, UsageError } from './operator-access.js';
import { type Advance, Progress } from './progress.js';
import { printable, printableJson } from './printable.js';

const LOOK_EVERY_MS = 500;
/** A recording has no more. */
const MAX_FIXTURES = 2000;
const EX_FAULT = 1;
/** What a gateway says a file's name is decides where it is written: nowhere else than in the folder of its route. */
const FILE_NAME = /^[a-z][a-z0-9.-]{0,79}\/\d{4,6}-[a-z]{1,20}(?:-[a-z_]{1,40})?-\d{3}\.json$/;
const OLD_FILE = /^\d{4,6}-[a-z_-]+-\d{3}\.json$/;

export interface RecordOptions extends OutputOptions {
  readonly kind: RecordKind;
  readonly routes: readonly string[];
  readonly out: string;
  readonly replaces: boolean;
  readonly bounds: RecordBounds;
}

interface Shown {
  readonly environment: string;
  readonly recording: RecordingStatus | null;
}

/** Starts a recording, writes its fixtures as they come, and ends with it. @returns the exit code @throws AdminCallError */
export async function record(options: RecordOptions, access: OperatorAccess): Promise<number> {
  const ask = (method: string, path = '', body?: object): Promise<unknown> =>
    callAdmin(access.base, access.adminToken(), {
      method,
      path: `/recording${path}`,
      ...(body === undefined ? {} : { body }),
    });
  if (options.kind === 'status') return tell((await ask('GET')) as Shown, options);
  if (options.kind === 'stop') {
    const stopped = (await ask('DELETE')) as Shown;
    await writeFrom(0, options.out, ask);
    return tell(stopped, options);
  }
  makeRoom(options);
  // From before the gateway begins: a Ctrl-C that comes while it answers must not leave it recording.
  const looking = new AbortController();
  const interrupt = (): void => looking.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const begun = (await ask('POST', '', { routes: options.routes, ...options.bounds })) as Shown;
    const ended = await follow(begun, options, ask, looking.signal);
    tell(ended, options);
    return (ended.recording?.fixtures ?? 0) > 0 ? 0 : EX_FAULT;
  } finally {
    process.removeListener('SIGINT', interrupt).removeListener('SIGTERM', interrupt);
  }
}

type Ask = (method: string, path?: string, body?: object) => Promise<unknown>;

async function follow(
  begun: Shown,
  { out, isJson }: RecordOptions,
  ask: Ask,
  interrupted: AbortSignal,
): Promise<Shown> {
  if (!isJson)
    process.stderr.write(
      `${printable(`Recording until ${begun.recording?.endsAt ?? ''}; Ctrl-C ends it and keeps what it has.`)}\n`,
    );
  let shown = begun;
  let written = 0;
  const progress = new Progress(isJson);
  const wait = async (): Promise<Shown> => {
    for (;;) {
      if (interrupted.aborted && shown.recording?.ended === null) shown = (await ask('DELETE')) as Shown;
      else shown = (await ask('GET')) as Shown;
      if (shown.recording?.startedAt !== begun.recording?.startedAt)
        throw new AdminCallError(
          `The recording is gone: has the gateway restarted? ${written} fixtures were written`,
          500,
        );
      written = await writeFrom(written, out, ask);
      if (shown.recording?.ended !== null) return shown;
      progress.show(advanceOf(shown.recording));
      await sleep(LOOK_EVERY_MS, undefined, { signal: interrupted }).catch(() => undefined);
    }
  };
  return wait().finally(() => progress.end());
}

function advanceOf({ fixtures, settings, endsAt }: RecordingStatus): Advance {
  const left = Math.max(0, Math.ceil((Date.parse(endsAt) - Date.now()) / 1000));
  const note = Number.isNaN(left) ? `until ${endsAt}` : `ends in ${left} s at the latest`;
  return { label: 'recording', done: fixtures, total: settings.maxFixtures, unit: 'fixtures', note };
}

/** Writes the fixtures from a number on; returns the number of the next. */
async function writeFrom(from: number, out: string, ask: Ask): Promise<number> {
  for (let at = from; ;) {
    const { files, next } = (await ask('GET', `/fixtures/${at}`)) as { files: readonly FixtureFile[]; next: number };
    if (at + files.length > MAX_FIXTURES)
      throw new AdminCallError(`The gateway has more than ${MAX_FIXTURES} fixtures, as no gateway has`, 500);
    for (const { name, text } of files) {
      if (!FILE_NAME.test(name)) throw new AdminCallError('The gateway names a file as no gateway does', 500);
      checkFixture(text, name);
      mkdirSync(join(out, name, '..'), { recursive: true });
      writeFileSync(join(out, name), text);
    }
    if (files.length === 0) return at;
    if (next !== at + files.length) throw new AdminCallError('The gateway counts its fixtures as no gateway does', 500);
    at = next;
  }
}

function checkFixture(text: string, name: string): void {
  try {
    readFixture(text, name);
  } catch (error) {
    if (error instanceof FixtureError)
      throw new AdminCallError(`The gateway sends what is none: ${error.message}`, 500);
    throw error;
  }
}

/** Fixtures of two recordings do not go together: their numbers and stand-ins are each recording's own. */
function makeRoom({ routes, out, replaces }: RecordOptions): void {
  for (const route of routes) {
    const folder = join(out, route);
    for (const name of fixturesIn(folder)) {
      if (!replaces) throw new UsageError(`${folder} has fixtures already: give another --out, or --replace`);
      rmSync(join(folder, name));
    }
  }
}

function fixturesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => OLD_FILE.test(name));
  } catch {
    return [];
  }
}

function tell(shown: Shown, { isJson }: RecordOptions): number {
  process.stdout.write(`${isJson ? printableJson(shown) : printRecording(shown)}\n`);
  return 0;
}

function printRecording({ recording }: Shown): string {
  if (recording === null) return 'Nothing is being recorded.';
  const { settings, startedAt, endsAt, ended, fixtures, bytes, skipped } = recording;
  const left = Object.entries(skipped).filter(([, count]) => count > 0);
  return [
    `${settings.routes.join(', ')}  by ${settings.by}, from ${startedAt}`,
    `  ${ended === null ? `until ${endsAt} at the latest` : `ended ${endsAt}: ${ended}`}`,
    `  ${fixtures} fixtures, ${bytes} bytes`,
    ...left.map(([why, count]) => `  left out ${count}: ${why}`),
  ]
    .map(printable)
    .join('\n');
}
