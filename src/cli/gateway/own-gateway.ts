import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { ConfigError, type GatewayConfig, loadConfig } from '../../config/index.js';
import { makeAccessToken, type TokenRequest } from '../../tokens/index.js';
import { UsageError } from './operator-access.js';

/** Seconds: one call. */
const TOKEN_LIFE_S = 60;

const projectRoot = join(import.meta.dirname, '../../..');

/** The address of the gateway that this machine's configuration is of. @throws ConfigError */
export function ownAddress(): string {
  const { host, port } = ownConfig().http;
  const address = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return `http://${address}:${port}`;
}

/** ADMIN_PATH; its default where this machine's configuration cannot be read, which who names a gateway and a token does not need. */
export function ownAdminPath(): string {
  try {
    return ownConfig().paths.admin;
  } catch {
    return '/admin';
  }
}

/** NODE_ENV. @throws ConfigError */
export function ownEnvironment(): GatewayConfig['environment'] {
  return ownConfig().environment;
}

/** An administrator's token, for whoever may read the secret; the history names the user of this machine. @throws UsageError, ConfigError */
export function makeAdminToken(): string {
  const token = mintToken({ subject: `cli:${userName()}`, roles: ['admin'], lifeS: TOKEN_LIFE_S });
  if (token === undefined)
    throw new UsageError('This gateway takes only tokens of JWT_JWKS_URL: give an administrator’s with --token-file');
  return token;
}

/** A token as this gateway's; undefined where it has no secret. @throws ConfigError */
export function mintToken(request: TokenRequest): string | undefined {
  const { secret, issuer, audience } = ownConfig().jwt;
  return secret === undefined ? undefined : makeAccessToken(secret, { ...request, issuer, audience });
}

let known: GatewayConfig | undefined;

function ownConfig(): GatewayConfig {
  if (known !== undefined) return known;
  const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { version: string };
  try {
    known = loadConfig(process.env, { projectRoot, packageVersion: version });
    return known;
  } catch (error) {
    // The words are those of a start, which this is not.
    if (error instanceof ConfigError) error.message = error.message.replace('did not start', 'would not start');
    throw error;
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user may have no name.
    return 'unknown';
  }
}
