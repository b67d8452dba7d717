import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from './system-errors.js';

export interface DevelopmentSecrets {
  readonly JWT_SECRET: string;
  readonly GATEWAY_IDENTITY_SECRET: string;
}

/** Why no secrets could be had; the text names the file, never what is in it. */
export class SecretsFileError extends Error {
  override readonly name = 'SecretsFileError';
}

/**
 * The secrets that `dataDirectory/secrets.json` keeps, made at first call. Whoever starts at the same time gets the same ones: the
 * file appears complete or not at all, and only one starter can make it appear.
 * @throws SecretsFileError when the file is damaged or cannot be kept.
 */
export function keepDevelopmentSecrets(dataDirectory: string): DevelopmentSecrets {
  const file = join(dataDirectory, 'secrets.json');
  try {
    return readSecrets(file) ?? makeSecrets(dataDirectory, file);
  } catch (error) {
    if (error instanceof SecretsFileError) throw error;
    throw new SecretsFileError(`cannot be kept in ${file} (${errorCode(error)})`);
  }
}

function makeSecrets(dataDirectory: string, file: string): DevelopmentSecrets {
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  const made = { JWT_SECRET: newSecret(), GATEWAY_IDENTITY_SECRET: newSecret() };
  const draft = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, `${JSON.stringify(made, undefined, 2)}\n`, { mode: 0o600, flag: 'wx', flush: true });
  try {
    // link, not rename: it fails where another starter was first, and never replaces that one's file.
    linkSync(draft, file);
    return made;
  } catch (error) {
    const winner = errorCode(error) === 'EEXIST' ? readSecrets(file) : undefined;
    if (winner === undefined) throw error;
    return winner;
  } finally {
    unlinkSync(draft);
  }
}

function readSecrets(file: string): DevelopmentSecrets | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  const secrets = parseSecrets(text);
  if (secrets === undefined)
    throw new SecretsFileError(`cannot be read from ${file}: it is damaged; delete it to have new secrets made`);
  chmodSync(file, 0o600);
  return secrets;
}

function parseSecrets(text: string): DevelopmentSecrets | undefined {
  try {
    const { JWT_SECRET: jwt, GATEWAY_IDENTITY_SECRET: identity } = JSON.parse(text) as Record<string, unknown>;
    if (!isSecret(jwt) || !isSecret(identity) || jwt === identity) return undefined;
    return { JWT_SECRET: jwt, GATEWAY_IDENTITY_SECRET: identity };
  } catch {
    return undefined;
  }
}

function isSecret(value: unknown): value is string {
  return typeof value === 'string' && Buffer.byteLength(value) >= 32;
}

function newSecret(): string {
  return randomBytes(48).toString('base64url');
}
