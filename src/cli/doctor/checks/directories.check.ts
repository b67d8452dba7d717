import { randomBytes } from 'node:crypto';
import { accessSync, constants, rmSync, type Stats, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GatewayConfig } from '../../../config/index.js';
import { type Check, type CheckResult, fault, ok, warning } from '../check.js';
import { describeError } from '../describe-error.js';
import type { DoctorFacts } from '../doctor-facts.js';

/** Rights of anybody but the owner. */
const OTHERS = 0o077;

/** What the gateway keeps on disk: whether it can write there, and nobody else can read it. */
export function directoriesCheck({ config }: DoctorFacts): Check {
  return { name: 'directories', run: () => look(config) };
}

function* look(config: GatewayConfig): Generator<CheckResult> {
  const { data, project } = config.directories;
  yield findWriting(data, project, keepsNothing(config));
  yield* findRights(data, 0o700, 'others may look into it');
  yield* findRights(join(data, 'secrets.json'), 0o600, 'others may read the secrets');
  yield* findRights(join(project, '.env'), 0o600, 'others may read the settings, and with them the secrets');
}

/** With a database and a PHP of its own, and its secrets given, a gateway writes nothing there: an image's root cannot be written. */
function keepsNothing({ database, php, environment }: GatewayConfig): boolean {
  return environment === 'production' && database.url !== undefined && php.targets.length > 0;
}

function findWriting(data: string, project: string, isNeedless: boolean): CheckResult {
  const name = 'directory .data';
  const isThere = read(data) !== undefined;
  const probe = join(data, `.doctor-${randomBytes(6).toString('hex')}`);
  try {
    if (isThere) {
      writeFileSync(probe, '', { flag: 'wx', mode: 0o600 });
      rmSync(probe);
    } else accessSync(project, constants.W_OK);
    return ok(name, isThere ? `${data} can be written` : `${data} will be made at first use`);
  } catch (error) {
    if (isNeedless) return ok(name, `${data} cannot be written, and nothing of this configuration is kept there`);
    return fault(
      name,
      `${data} cannot be written: ${describeError(error)}`,
      'give it to the user that runs the gateway',
    );
  }
}

/** Windows has no such rights. */
function* findRights(path: string, wanted: number, why: string): Generator<CheckResult> {
  const stats = process.platform === 'win32' ? undefined : read(path);
  if (stats === undefined) return;
  const shown = (stats.mode & 0o777).toString(8).padStart(4, '0');
  const name = `rights of ${path.split('/').slice(-1)[0] ?? path}`;
  if ((stats.mode & OTHERS) === 0) yield ok(name, shown);
  else yield warning(name, `${shown}: ${why}`, `chmod ${wanted.toString(8)} ${path}`);
}

function read(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}
