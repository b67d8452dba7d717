import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { ClientConfig } from 'pg';
import { DatabaseUnavailableError } from '../database-unavailable.error.js';

const SSL_MODES = ['disable', 'require', 'verify-ca', 'verify-full', 'no-verify'] as const;
const FILES = { ca: 'sslrootcert', cert: 'sslcert', key: 'sslkey' } as const;

/** How to reach a Postgres. No text of it holds the password but `password`. */
export type ConnectionSettings = Pick<
  ClientConfig,
  'host' | 'port' | 'user' | 'password' | 'database' | 'ssl' | 'options' | 'application_name'
>;

/**
 * What DATABASE_URL says: `postgres://user:password@host:port/database`, with `sslmode`, `sslrootcert`, `sslcert`,
 * `sslkey`, `host` (a socket's folder), `options` and `application_name`. TLS is verified in each mode but `no-verify`: what
 * libpq's `require` and `prefer` leave open to whoever stands between is not silently the gateway's.
 * @throws DatabaseUnavailableError when `sslmode` is none that the gateway knows or a file cannot be read
 */
export function connectionSettings(databaseUrl: string): ConnectionSettings {
  const url = new URL(databaseUrl);
  const given = url.searchParams;
  const database = decodeURIComponent(url.pathname.slice(1));
  const host = given.get('host') ?? decodeURIComponent(url.hostname).replace(/^\[|\]$/g, '');
  return {
    host: host === '' ? 'localhost' : host,
    port: url.port === '' ? 5432 : Number(url.port),
    ...(url.username === '' ? {} : { user: decodeURIComponent(url.username) }),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
    ...(database === '' ? {} : { database }),
    ...(given.has('options') ? { options: given.get('options') ?? '' } : {}),
    ssl: tlsOf(given),
    application_name: given.get('application_name') ?? 'donna-gateway',
  };
}

function tlsOf(given: URLSearchParams): ConnectionOptions | false {
  const mode = given.get('sslmode') ?? (given.has('sslrootcert') ? 'verify-full' : 'disable');
  if (!isMode(mode))
    throw new DatabaseUnavailableError(`sslmode in DATABASE_URL must be one of ${SSL_MODES.join(', ')}`);
  if (mode === 'disable') return false;
  const files = Object.entries(FILES).flatMap(([option, name]) => {
    const path = given.get(name);
    return path === null ? [] : [[option, readPem(path, name)] as const];
  });
  return {
    ...Object.fromEntries(files),
    ...(mode === 'no-verify' ? { rejectUnauthorized: false } : {}),
    // By definition of the mode: the chain counts, not the name.
    ...(mode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
  };
}

function readPem(path: string, name: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new DatabaseUnavailableError(`The file that ${name} in DATABASE_URL names cannot be read`, { cause: error });
  }
}

function isMode(value: string): value is (typeof SSL_MODES)[number] {
  return (SSL_MODES as readonly string[]).includes(value);
}
