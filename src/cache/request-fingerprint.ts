import { LRUCache } from 'lru-cache';
import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { readCookie } from '../auth/index.js';
import { type CachePolicy, isRecord, readJsonBody } from '../routing/index.js';
import type { Exchange } from '../trace/index.js';

/** Fields that every answer may depend on: the key holds them. `accept` decides besides how the gateway words an error. */
const ALWAYS_KEYED = ['accept', 'accept-language'];
/** What frames a body, whose bytes are in the key. */
const FRAMING = ['content-length', 'transfer-encoding'];
const BODY_TYPE = 'content-type';
/** What is asked often is hashed once; longer requests, and rare ones, each time. */
const MAX_KNOWN = 500;
const MAX_KNOWN_LENGTH = 1000;
const JSON_TYPE = /^application\/json *(?:;|$)/i;

/** What tells two requests of a route apart as far as the application can. Compiled once per route. */
export class RequestFingerprint {
  private readonly names: readonly string[];
  private readonly kept: ReadonlySet<string>;
  /** Nobody without the secret can tell by a key in Redis what was asked, or by whom. */
  private readonly salt: string;
  private readonly known = new LRUCache<string, string>({ max: MAX_KNOWN });

  constructor(
    /** Names the route, its table entry and its stage. */
    private readonly route: string,
    private readonly policy: CachePolicy,
    private readonly sessionCookie: string | undefined,
    secret: string,
  ) {
    this.salt = hash('sha256', `donna cache key ${secret}`);
    const ofBody = policy.key.body === undefined ? [] : [BODY_TYPE];
    this.names = [...new Set([...ALWAYS_KEYED, ...policy.key.headers, ...ofBody])];
    this.kept = new Set([...this.names, ...(ofBody.length === 0 ? [] : FRAMING)]);
  }

  /** The key of a request; undefined for a POST whose body is no JSON object of the fields that the policy names, and no others. */
  keyOf(exchange: Exchange, arm: 'control' | 'candidate'): string | undefined {
    const { req, identity, client, authority, path, search } = exchange;
    const isRead = exchange.method !== 'POST';
    const body = isRead ? '' : this.bodyOf(exchange);
    if (body === undefined) return undefined;
    const caller =
      this.policy.vary === 'public' || identity === undefined
        ? null
        : [
            identity.via,
            identity.subject,
            identity.roles,
            identity.email ?? null,
            identity.name ?? null,
            identity.via === 'php-session' ? this.sessionOf(req) : null,
          ];
    const text = JSON.stringify([
      this.route,
      arm,
      isRead ? 'read' : 'POST',
      client.protocol,
      authority.toLowerCase(),
      path,
      search,
      caller,
      this.names.map((name) => req.headers[name] ?? null),
      body,
    ]);
    const known = this.known.get(text);
    if (known !== undefined) return known;
    const key = hash('sha256', this.salt + text, 'base64url');
    if (text.length <= MAX_KNOWN_LENGTH) this.known.set(text, key);
    return key;
  }

  /**
   * Takes away what the key does not hold, so that the application cannot answer by it: what is stored is the same for all who
   * will get it. Of the cookies the session's alone stays, and that only where it is what proves the caller.
   */
  neutralise(exchange: Exchange): void {
    const { req, identity } = exchange;
    const session = identity?.via === 'php-session' ? this.sessionOf(req) : undefined;
    const raw: string[] = ['Host', exchange.authority];
    const object: IncomingMessage['headers'] = { host: exchange.authority };
    for (let i = 0; i < req.rawHeaders.length; i += 2) {
      const name = req.rawHeaders[i] ?? '';
      if (this.kept.has(name.toLowerCase())) raw.push(name, req.rawHeaders[i + 1] ?? '');
    }
    for (const name of this.kept) {
      const value = req.headers[name];
      if (value !== undefined) object[name] = value;
    }
    if (session !== undefined && this.sessionCookie !== undefined) {
      const cookie = `${this.sessionCookie}=${session}`;
      raw.push('Cookie', cookie);
      object.cookie = cookie;
    }
    req.rawHeaders = raw;
    req.headers = object;
  }

  private sessionOf({ headers }: IncomingMessage): string | undefined {
    return this.sessionCookie === undefined ? undefined : readCookie(headers.cookie, this.sessionCookie);
  }

  /** The bytes themselves are the key: what PHP reads differently (`1` and `1.0`) is never taken for the same. */
  private bodyOf({ body, req }: Exchange): string | undefined {
    const fields = this.policy.key.body;
    if (fields === undefined || body === undefined || !JSON_TYPE.test(req.headers[BODY_TYPE] ?? '')) return undefined;
    const read = readJsonBody(body);
    if (read.kind !== 'read' || !isRecord(read.value)) return undefined;
    return Object.keys(read.value).every((name) => fields.includes(name))
      ? hash('sha256', body, 'base64url')
      : undefined;
  }
}
