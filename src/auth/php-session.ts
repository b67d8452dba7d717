import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { ReplicatedMap } from '../state/index.js';
import type { Identity } from './identity.js';
import { decodeCookie } from './php-cookie.js';

const CACHE_MS = 5000;
/** Milliseconds for which an ended session is not taken from memory anywhere: beyond what any instance may remember of before. */
const ENDED_MS = 2 * CACHE_MS;
const MAX_CACHED = 10_000;
const MAX_COOKIE_CHARACTERS = 512;

/** Asks PHP who the session cookie belongs to; undefined for nobody. Throws when PHP cannot be asked. */
export type SessionQuestion = (cookie: string, traceId: string) => Promise<Identity | undefined>;

/**
 * Proves PHP session cookies by asking PHP, at most once per cookie at a time and once per five seconds:
 * fifty parallel requests of one session make one call.
 */
export class PhpSessions {
  private readonly known = new LRUCache<string, Identity>({
    max: MAX_CACHED,
    ttl: CACHE_MS,
  });
  private readonly asking = new Map<string, Promise<Identity | undefined>>();

  constructor(
    readonly cookieName: string,
    private readonly ask: SessionQuestion,
    /** Sessions that were ended a moment ago, here or in another instance. */
    private readonly ended: ReplicatedMap,
  ) {}

  /** @throws ForwardError's cause when PHP cannot be asked: the caller is then neither known nor unknown. */
  async identify(cookie: string, traceId: string): Promise<Identity | undefined> {
    if (cookie.length > MAX_COOKIE_CHARACTERS) return undefined;
    const key = keyOf(cookie);
    const known = this.known.get(key);
    if (known !== undefined && this.ended.get(key) === undefined) return known;
    const under = this.asking.get(key);
    if (under !== undefined) return under;
    const question = this.ask(cookie, traceId)
      .then((identity) => {
        // A session dropped while PHP was being asked must not come back by the late answer.
        // Nobody is not remembered: the next request may come right after the sign-in.
        if (identity !== undefined && this.asking.get(key) === question) this.known.set(key, identity);
        return identity;
      })
      .finally(() => {
        if (this.asking.get(key) === question) this.asking.delete(key);
      });
    this.asking.set(key, question);
    return question;
  }

  /** Forgets a cookie, in every instance: its session was ended. */
  forget(cookie: string): void {
    if (cookie.length > MAX_COOKIE_CHARACTERS) return;
    const key = keyOf(cookie);
    this.known.delete(key);
    this.asking.delete(key);
    // Where the others cannot be told, they remember it for the rest of their seconds.
    this.ended.set(key, '1', ENDED_MS).catch(() => undefined);
  }
}

/** Reads the answer of `api/auth/session.php`; undefined when it names nobody. */
export function readSessionAnswer(answer: unknown): Identity | undefined {
  const data = field(answer, 'data');
  const user = field(data, 'user');
  const id = field(user, 'id');
  if (field(data, 'authenticated') !== true || typeof id !== 'string' || id === '') return undefined;
  const roles = field(user, 'roles');
  const email = field(user, 'email');
  const name = field(user, 'name');
  const csrfToken = field(data, 'csrf_token');
  return {
    subject: id,
    roles: Array.isArray(roles) ? roles.filter((role): role is string => typeof role === 'string') : [],
    via: 'php-session',
    ...(typeof email === 'string' ? { email } : {}),
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof csrfToken === 'string' ? { csrfToken } : {}),
  };
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** The same for every spelling of a cookie that PHP takes for the same: what is ended in one is ended in all. */
function keyOf(cookie: string): string {
  return hash('sha256', decodeCookie(cookie), 'base64url');
}
