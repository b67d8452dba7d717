import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from './options.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/**
 * What a smoke must know of the gateway that it checks: the secret that signs tokens and what they must name. From the
 * environment, then the file `.env`, then (the secret alone) what development keeps in `.data/secrets.json`: as the gateway.
 * @throws UsageError when there is no secret
 */
export function readSettings(env = process.env, folder = root) {
  const file = readEnvFile(join(folder, '.env'));
  const read = (name) => [env[name], file[name]].find((value) => value !== undefined && value.trim() !== '');
  const secret = read('JWT_SECRET') ?? readDevelopmentSecret(join(folder, '.data', 'secrets.json'));
  if (secret === undefined) {
    throw new UsageError(
      'JWT_SECRET is needed to make tokens: set it to what the gateway has, or start the gateway once in development',
    );
  }
  return {
    secret,
    issuer: read('JWT_ISSUER'),
    audience: read('JWT_AUDIENCE'),
    allowedOrigins: (read('ALLOWED_ORIGINS') ?? '').split(',').map((entry) => entry.trim()),
  };
}

/** `NAME=value` lines, with or without quotes; Node 20 has no `parseEnv` in its first releases. */
function readEnvFile(file) {
  const lines = readText(file).matchAll(/^[ \t]*(?:export[ \t]+)?([A-Z][A-Z\d_]*)[ \t]*=[ \t]*(.*?)[ \t]*$/gm);
  return Object.fromEntries(
    [...lines].map(([, name, raw]) => {
      const quoted = /^(["'`])(.*?)\1/.exec(raw);
      return [name, quoted === null ? raw.replace(/\s*#.*$/, '') : quoted[2]];
    }),
  );
}

function readDevelopmentSecret(file) {
  try {
    const { JWT_SECRET: secret } = JSON.parse(readText(file));
    return typeof secret === 'string' ? secret : undefined;
  } catch {
    return undefined;
  }
}

function readText(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
