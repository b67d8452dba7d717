import { resolve } from 'node:path';
import { applyCombinedRules } from './combined-rules.js';
import { composeConfig } from './compose-config.js';
import { ConfigError } from './config-error.js';
import type { ConfigFault } from './config-error.js';
import { keepDevelopmentSecrets, SecretsFileError } from './development-secrets.js';
import type { EnvironmentVariables } from './environment-variables.js';
import type { GatewayConfig } from './gateway-config.js';
import { findMisspeltNames } from './misspelt-names.js';
import { faultOf, readEnvironment } from './read-environment.js';
import { knownVariables } from './variable-decorators.js';

export interface LoadOptions {
  /** Where `.env`, `routes.yaml` and `.data/` are; relative paths in the environment start here. */
  readonly projectRoot: string;
  /** What `version` says unless APP_VERSION does. */
  readonly packageVersion: string;
  /** Variables that stand above the environment: the command line's options. */
  readonly overrides?: Readonly<Record<string, string>>;
}

/**
 * Reads, validates and freezes all settings. Outside production the two secrets that are not set are made at first
 * start and kept in `.data/secrets.json`.
 * @throws ConfigError with every fault at once; print its message and exit with its `exitCode` (78).
 */
export function loadConfig(environment: NodeJS.ProcessEnv, options: LoadOptions): GatewayConfig {
  const env = { ...environment, ...options.overrides };
  const projectRoot = resolve(options.projectRoot);
  const reading = readEnvironment(env, projectRoot);
  const combined = applyCombinedRules(reading.variables, projectRoot);
  refuse(reading.faults, combined.faults);

  return deepFreeze(
    composeConfig(reading.variables, {
      projectRoot,
      packageVersion: options.packageVersion,
      secrets: completeSecrets(reading.variables, resolve(projectRoot, '.data')),
      warnings: [...findMisspeltNames(reading.names, [...knownVariables.keys()]), ...combined.warnings],
    }),
  );
}

/** A variable that is wrong by itself is not blamed a second time for being missing. */
function refuse(own: readonly ConfigFault[], combined: readonly ConfigFault[]): void {
  const blamed = new Set(own.map(({ name }) => name));
  const order = [...knownVariables.keys()];
  const faults = [...own, ...combined.filter(({ name }) => !blamed.has(name))];
  if (faults.length === 0) return;
  throw new ConfigError(faults.toSorted((left, right) => order.indexOf(left.name) - order.indexOf(right.name)));
}

function completeSecrets(variables: EnvironmentVariables, data: string): { jwt: string | undefined; identity: string } {
  const { NODE_ENV: environment = 'development', JWT_SECRET: jwt, GATEWAY_IDENTITY_SECRET: identity } = variables;
  const needsJwt = jwt === undefined && (variables.JWT_JWKS_URL === undefined || environment === 'development');
  if (identity !== undefined && !needsJwt) return { jwt, identity };
  try {
    const made = keepDevelopmentSecrets(data);
    return { jwt: needsJwt ? made.JWT_SECRET : jwt, identity: identity ?? made.GATEWAY_IDENTITY_SECRET };
  } catch (error) {
    if (!(error instanceof SecretsFileError)) throw error;
    throw new ConfigError([
      faultOf(needsJwt ? 'JWT_SECRET' : 'GATEWAY_IDENTITY_SECRET', `is not set, and one of its own ${error.message}`),
    ]);
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) deepFreeze(part);
    Object.freeze(value);
  }
  return value;
}
