import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startEmbeddedPhp } from '../../src/forward/index.js';
import { call, type CallAnswer } from './http-call.js';
import { IDENTITY_SECRET } from './test-gateway.js';

const PROJECT = resolve(import.meta.dirname, '../..');

/** One entry of legacy-php's users.json. */
export interface UserEntry {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly password_hash: string;
  readonly disabled?: boolean;
}

export const EVE_PASSWORD = 'correct horse battery';
/** A user with {@link EVE_PASSWORD}; the hash is cheap. */
export const EVE: UserEntry = {
  id: 'user_eve',
  email: 'eve@donna.example',
  name: 'Eve Example',
  roles: ['user'],
  password_hash: '$2y$04$.Ah/7SiRD3dkG5AHkr010O0s27loZ/B.QIQ4Liz1MWRnZ/PN9u8n6',
};
/** Of `another good secret`. */
export const OTHER_HASH = '$2y$04$PDCqnV5ihZJS4w5lq4mbku4MHnkLpnATtVG8uRHJsEr5sV8ub/ZgC';

/** Writes the users of a legacy-php by its data directory, at once for whoever reads them meanwhile. */
export function writeUsers(dataDirectory: string, users: readonly UserEntry[]): void {
  const file = join(dataDirectory, 'users.json');
  writeFileSync(`${file}.new`, JSON.stringify(users));
  renameSync(`${file}.new`, file);
}

export interface LegacyPhp {
  readonly origin: string;
  /** What PHP has logged. */
  readonly lines: readonly string[];
  setUsers(...users: readonly UserEntry[]): void;
  stop(): Promise<void>;
}

/** legacy-php (or a copy of it) by itself, with a data directory of its own; its own limits are off unless `env` says otherwise. */
export async function startLegacyPhp(
  env: Readonly<Record<string, string>> = {},
  root: string = join(PROJECT, 'legacy-php'),
): Promise<LegacyPhp> {
  const folder = mkdtempSync(join(tmpdir(), 'legacy-php-'));
  const lines: string[] = [];
  const php = await startEmbeddedPhp({
    root,
    env: {
      NODE_ENV: 'test',
      DONNA_DATA_DIR: folder,
      DONNA_LOOPBACK_ONLY: '1',
      GATEWAY_IDENTITY_SECRET: IDENTITY_SECRET,
      REQUIRE_GATEWAY: 'true',
      ENABLE_PHP_RATE_LIMITING: 'false',
      ...env,
    },
    log: (line) => lines.push(line),
  });
  return {
    origin: php.origin,
    lines,
    setUsers: (...users) => writeUsers(folder, users),
    stop: async () => {
      await php.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The shipped route table with limits that no test meets by the way, and with PHP answering all that it can answer. */
export function unlimitedTable(): string {
  return readFileSync(join(PROJECT, 'routes.yaml'), 'utf8')
    .replace(/limit: \d+/g, 'limit: 1000000')
    .replace(/^( +stage:) .*$/gm, '$1 proxy');
}

/** What a browser holds after it signed in through the form's API. */
export interface SignedIn {
  /** For the header `Cookie`. */
  readonly cookie: string;
  readonly csrf: string;
}

/** Signs in as a page does: gets a session and its CSRF token, then posts both with e-mail and password. */
export async function signInForSession(
  origin: string,
  email: string,
  password: string,
): Promise<SignedIn & { readonly before: string; readonly answer: CallAnswer }> {
  const page = await call(origin, '/login.php');
  const before = cookieOf(page);
  const token = /name="csrf-token" content="([^"]+)"/.exec(page.text)?.[1] ?? '';
  const answer = await call(origin, '/api/auth/login.php', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Cookie: before, 'X-CSRF-Token': token },
    body: JSON.stringify({ email, password }),
  });
  const { data } = answer.json() as { data?: { csrf_token?: string } };
  return { before, answer, cookie: cookieOf(answer), csrf: data?.csrf_token ?? '' };
}

/** `name=value` of the session cookie that an answer sets, or ''. */
export function cookieOf(answer: CallAnswer): string {
  return /^DONNASESSID=[^;]*/.exec(answer.all('set-cookie').join('\n'))?.[0] ?? '';
}
