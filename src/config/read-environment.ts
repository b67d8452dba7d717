import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import type { ConfigFault } from './config-error.js';
import { EnvironmentVariables } from './environment-variables.js';
import { errorCode } from './system-errors.js';
import { knownVariables } from './variable-decorators.js';

/** Each variable by itself, typed; those with a fault are left out of `variables` and named in `faults`. */
export interface EnvironmentReading {
  readonly variables: EnvironmentVariables;
  readonly faults: readonly ConfigFault[];
  /** All names that were given, known or not. */
  readonly names: readonly string[];
}

/**
 * Reads the environment and, under it, the project's `.env` file: the real environment wins, an empty value counts as
 * unset (so `NAME= npm start` switches a line of the file off). Under NODE_ENV=test the file is not read: what is in a
 * developer's own file must not decide whether a test passes.
 */
export function readEnvironment(env: NodeJS.ProcessEnv, projectRoot: string): EnvironmentReading {
  const file = env['NODE_ENV'] === 'test' ? { values: {}, faults: [] } : readEnvFile(projectRoot);
  const merged: NodeJS.ProcessEnv = { ...file.values, ...env };

  const given = new Map<string, string>();
  for (const [name, facts] of knownVariables) {
    const raw = merged[name] ?? '';
    if (raw.trim() !== '') given.set(name, facts.secret ? raw : raw.trim());
  }
  const instance = plainToInstance(EnvironmentVariables, Object.fromEntries(given));
  const errors = validateSync(instance, { skipUndefinedProperties: true, stopAtFirstError: true });
  const faults = errors.map(({ property, constraints }) =>
    faultOf(property, Object.values(constraints ?? {})[0] ?? 'is wrong'),
  );
  for (const { property } of errors) Reflect.deleteProperty(instance, property);
  return { variables: instance, faults: [...file.faults, ...faults], names: Object.keys(merged) };
}

/** A fault of a known variable, with the schema's example. */
export function faultOf(name: string, problem: string): ConfigFault {
  return { name, problem, example: knownVariables.get(name)?.example ?? '' };
}

function readEnvFile(projectRoot: string): { values: NodeJS.ProcessEnv; faults: ConfigFault[] } {
  try {
    return { values: parseEnv(readFileSync(join(projectRoot, '.env'), 'utf8')), faults: [] };
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return { values: {}, faults: [] };
    return { values: {}, faults: [{ name: '.env', problem: `cannot be read (${code})`, example: 'a readable file' }] };
  }
}
