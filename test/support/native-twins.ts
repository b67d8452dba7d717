import { makeAccessToken } from '../../src/auth/index.js';
import { type DonnaData, startDonnaData, startTwinGateway, twinTable } from './donna-data.js';
import { call, type CallAnswer } from './http-call.js';
import type { FpmParts } from './php-fpm.js';
import { startPostgresServer } from './postgres-server.js';
import type { Sent } from './sent-request.js';
import { JWT_SECRET, type TestGateway } from './test-gateway.js';

/** A request whose texts may name what was made before: `{0}` is the id of the first conversation of its caller. */
export interface TwinRequest extends Sent {
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer without what differs between any two: the ids of conversations by their order, moments by their rank in it. */
export interface TwinAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** One PHP that answers through the gateway, and beside it the native handlers in front of a PHP of their own. */
export interface NativeTwins {
  readonly php: TwinSide;
  readonly native: TwinSide;
  /** Asks both the same. */
  ask(subject: string, request: TwinRequest): Promise<{ readonly php: TwinAnswer; readonly native: TwinAnswer }>;
  stop(): Promise<void>;
}

/** Headers that tell of the connection, the moment or the way: `Via` names a proxy that there is only before PHP. */
const OF_THE_WAY = /^(?:date|x-trace-id|connection|keep-alive|via|(?:x-)?ratelimit(?:-.*)?)$/;
const ID = /conv_[0-9a-f]{24}/g;
const MOMENT = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;

export class TwinSide {
  private readonly made = new Map<string, string[]>();

  constructor(
    readonly gateway: TestGateway,
    readonly data: DonnaData,
  ) {}

  async ask(subject: string, { method, path, type, body, headers = {} }: TwinRequest): Promise<TwinAnswer> {
    const answer = await this.send(
      subject,
      method,
      this.named(subject, path),
      {
        ...headers,
        ...(type === undefined ? {} : { 'Content-Type': type }),
      },
      typeof body === 'string' ? this.named(subject, body) : body,
    );
    return this.comparable(subject, method, answer);
  }

  private send(
    subject: string,
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: string | Buffer | undefined,
  ): Promise<CallAnswer> {
    const token = makeAccessToken(JWT_SECRET, { subject, roles: ['user'], lifeS: 600 });
    return call(this.gateway.url, path, {
      method,
      headers: { Authorization: `Bearer ${token}`, ...headers },
      ...(body === undefined ? {} : { body }),
    });
  }

  private named(subject: string, text: string): string {
    return text.replace(/\{(\d)\}/g, (place, index: string) => this.made.get(subject)?.[Number(index)] ?? place);
  }

  private comparable(subject: string, method: string, { status, headers, text }: CallAnswer): TwinAnswer {
    const made = this.made.get(subject) ?? [];
    this.made.set(subject, made);
    for (const [id] of text.matchAll(ID)) if (!made.includes(id)) made.push(id);
    const moments = [...new Set(text.match(MOMENT))].toSorted();
    const body = text
      .replaceAll(String(headers['x-trace-id']), 'TRACE')
      .replace(ID, (id) => `conversation ${made.indexOf(id)}`)
      .replace(MOMENT, (moment) => `moment ${moments.indexOf(moment)}`);
    const told = Object.entries(headers).filter(([name]) => !OF_THE_WAY.test(name));
    // Whether HEAD tells a length is for the web server before PHP to say (RFC 9110, section 8.6).
    if (method === 'HEAD') told.splice(0, told.length, ...told.filter(([name]) => name !== 'content-length'));
    return { status, headers: Object.fromEntries(told), body };
  }

  async stop(): Promise<void> {
    await this.gateway.stop();
    await this.data.stop();
  }
}

export async function startNativeTwins(fpm: FpmParts, postgres: string): Promise<NativeTwins> {
  const server = await startPostgresServer(postgres);
  const DATABASE_URL = await server.createDatabase('twins');
  const [left, right] = await Promise.all([startDonnaData(fpm), startDonnaData(fpm)]);
  const php = new TwinSide(await startTwinGateway(left), left);
  const routes = twinTable('replaced');
  const native = new TwinSide(await startTwinGateway(right, { routes, env: { DATABASE_URL } }), right);
  return {
    php,
    native,
    ask: async (subject, request) => {
      await nextMillisecond();
      const [said, saidNatively] = await Promise.all([php.ask(subject, request), native.ask(subject, request)]);
      return { php: said, native: saidNatively };
    },
    stop: async () => {
      await native.stop();
      await php.stop();
      await server.stop();
    },
  };
}

/** Two changes of one millisecond are in another order than two of two, on either side. */
async function nextMillisecond(): Promise<void> {
  const now = Date.now();
  while (Date.now() <= now + 1) await new Promise((done) => setImmediate(done));
}
