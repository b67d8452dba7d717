import { randomBytes } from 'node:crypto';
import { type Check, type CheckResult, fault, ok, warning } from '../check.js';
import { describeError, messageOf } from '../describe-error.js';
import type { DoctorFacts } from '../doctor-facts.js';
import { showUrl } from '../redaction.js';
import { endpointOf, findConnection, isLoopback, judgeCertificate, openTls } from './connection.js';
import type { RedisClient } from './redis-client.js';

const WHOSE = 'REDIS_URL';
/** Where a script and `SET … NX PX`, `GETDEL` and `INFO` are all known. */
const LEAST_VERSION = [6, 2] as const;

/** What an ACL must grant; `info` lets the doctor see more. */
const RIGHTS = '~donna:* +@read +@write +@scripting +@connection +time +info';

/** By the commands of the gateway's own scripts; what it makes ends by itself, should the last step fail. */
const TRIAL = `
redis.call('TIME')
redis.call('INCRBY', KEYS[1], 1)
redis.call('PEXPIRE', KEYS[1], 5000)
redis.call('HSET', KEYS[2], 'field', '1')
redis.call('PEXPIRE', KEYS[2], 5000)
redis.call('ZADD', KEYS[3], 1, 'member')
redis.call('PEXPIRE', KEYS[3], 5000)
return 1`;

/** Redis: whether it lets the gateway in, and lets it do what limits and shared state need. */
export function redisChecks({ config }: DoctorFacts): readonly Check[] {
  const { url } = config.redis;
  if (url === undefined) return [];
  const isProduction = config.environment === 'production';
  return [{ name: nameOf(url), run: (signal) => look(url, isProduction, signal) }];
}

async function* look(url: string, isProduction: boolean, signal: AbortSignal): AsyncGenerator<CheckResult> {
  const name = nameOf(url);
  const isTls = url.startsWith('rediss:');
  const endpoint = endpointOf(url, 6379);
  if (!(yield* findConnection(name, endpoint, WHOSE, signal))) return;
  if (isTls) {
    const socket = await openTls(endpoint, signal);
    const verdict = judgeCertificate(`${name} certificate`, socket, WHOSE);
    socket.destroy();
    yield verdict;
    if (verdict.state === 'fault') return;
  } else if (isProduction && !isLoopback(endpoint)) {
    yield warning(`${name} encryption`, 'plain text to another machine', `use rediss:// in ${WHOSE}`);
  }
  const { makeRedisClient } = await import('./redis-client.js');
  const client = makeRedisClient(url);
  const leave = (): void => {
    if (client.isOpen) client.destroy();
  };
  signal.addEventListener('abort', leave, { once: true });
  try {
    await client.connect();
    await client.ping();
  } catch (error) {
    leave();
    yield refusal(name, error);
    return;
  }
  try {
    yield* lookInside(name, client);
  } finally {
    leave();
  }
}

async function* lookInside(name: string, client: RedisClient): AsyncGenerator<CheckResult> {
  yield await findVersion(name, client);
  yield await findWriting(`${name} writing`, client);
  const memory = await client.info('memory').catch(() => undefined);
  if (memory !== undefined) yield judgeMemory(`${name} memory`, memory);
}

async function findVersion(name: string, client: RedisClient): Promise<CheckResult> {
  const info = await client.info('server').catch(() => undefined);
  const version = info === undefined ? undefined : valueIn(info, 'redis_version');
  if (version === undefined) return ok(name, 'lets the gateway in; it does not tell its version');
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < LEAST_VERSION[0] || (major === LEAST_VERSION[0] && minor < LEAST_VERSION[1]);
  return isOld
    ? warning(name, `version ${version}`, `take ${LEAST_VERSION.join('.')} or newer`)
    : ok(name, `version ${version} lets the gateway in`);
}

/** What limits and shared state do: keys that end by themselves, counted and filed by scripts. They are removed. */
async function findWriting(name: string, client: RedisClient): Promise<CheckResult> {
  // Braces: one hash slot, as a cluster demands of a script's keys.
  const key = `donna:doctor:{${randomBytes(9).toString('hex')}}`;
  const keys = [key, `${key}:hash`, `${key}:set`];
  const steps = [
    ['SET', () => client.set(key, '1', { condition: 'NX', expiration: { type: 'PX', value: 5000 } })],
    ['GET', () => client.get(key)],
    ['EVAL', () => client.eval(TRIAL, { keys })],
    ['DEL', () => client.del(keys)],
  ] as const;
  for (const [command, run] of steps) {
    try {
      await run();
    } catch (error) {
      const reason = messageOf(error);
      const isReplica = reason.startsWith('READONLY');
      return fault(
        name,
        `${command} is refused: ${reason}`,
        isReplica
          ? `name the primary in ${WHOSE}, this is a replica`
          : `give the user of ${WHOSE} these rights: ${RIGHTS}`,
      );
    }
  }
  return ok(name, 'keys may be written, by scripts too; those of this check are removed');
}

/** Limits and revocations all end by themselves: `volatile-*` throws out just these, `allkeys-*` these too. */
function judgeMemory(name: string, info: string): CheckResult {
  const limit = Number(valueIn(info, 'maxmemory') ?? 0);
  const used = Number(valueIn(info, 'used_memory') ?? 0);
  const policy = valueIn(info, 'maxmemory_policy') ?? 'unknown';
  if (limit === 0) return ok(name, `no limit of its own (maxmemory 0), policy ${policy}`);
  const percent = Math.round((used / limit) * 100);
  const found = `${percent} % used, policy ${policy}`;
  if (policy !== 'noeviction') {
    return warning(
      name,
      `${found}: when it is full, limits and revoked tokens are forgotten`,
      'give the gateway a Redis of its own with maxmemory-policy noeviction; when that is full, each process counts for itself',
    );
  }
  return percent >= 90 ? warning(name, found, 'raise maxmemory: nothing is written when it is full') : ok(name, found);
}

function refusal(name: string, error: unknown): CheckResult {
  const reason = messageOf(error);
  if (/^(NOAUTH|WRONGPASS|ERR AUTH|ERR invalid password|ERR Client sent AUTH)/.test(reason)) {
    return fault(name, `refuses the login: ${reason}`, `put the right user and password into ${WHOSE}`);
  }
  if (reason.startsWith('NOPERM')) return fault(name, reason, `give the user of ${WHOSE} these rights: ${RIGHTS}`);
  return fault(name, describeError(error), `see whether Redis serves there, or correct ${WHOSE}`);
}

function valueIn(info: string, field: string): string | undefined {
  return new RegExp(`^${field}:(.*?)\\r?$`, 'm').exec(info)?.[1];
}

function nameOf(url: string): string {
  return `redis ${showUrl(url)}`;
}
