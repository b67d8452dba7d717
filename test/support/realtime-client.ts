import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { type RawData, WebSocket } from 'ws';

/** An event as it came; the fields that tests look at have types, all others are there untyped. */
export interface RealtimeEvent {
  readonly type: string;
  readonly event_id?: string;
  readonly item_id?: string;
  readonly delta?: string;
  readonly transcript?: string;
  readonly item?: RealtimeItem;
  readonly response?: {
    readonly id: string;
    readonly status: string;
    readonly status_details: unknown;
    readonly output: readonly RealtimeItem[];
    readonly [field: string]: unknown;
  };
  readonly session?: { readonly id: string; readonly expires_at: number; readonly [field: string]: unknown };
  readonly error?: { readonly code: string | null; readonly message: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

export interface RealtimeItem {
  readonly id: string;
  readonly type: string;
  readonly status: string;
  readonly content: ReadonlyArray<{ readonly type: string; readonly [field: string]: unknown }>;
  readonly [field: string]: unknown;
}

export interface RealtimeClientOptions {
  /** Sent as `Authorization: Bearer …`. */
  readonly bearer?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly protocols?: readonly string[];
  /** Types of events that are counted but not kept, for floods. */
  readonly drop?: readonly string[];
}

/** How a server refused an upgrade. */
export interface RefusedUpgrade {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A WebSocket client for tests: it keeps every event in order, and waits for one of a type. */
export class RealtimeClient {
  readonly events: RealtimeEvent[] = [];
  /** How many events of each type have come, dropped ones too. */
  readonly counts = new Map<string, number>();
  /** Payload bytes of all frames that have come. */
  receivedBytes = 0;
  /** How the connection ended; undefined while it is open. */
  closed: { readonly code: number; readonly reason: string } | undefined;
  #at = 0;
  readonly #heard = new EventTarget();

  private constructor(
    readonly socket: WebSocket,
    drop: ReadonlySet<string>,
  ) {
    socket.on('message', (data) => this.#take(data, drop));
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString('utf8') };
      this.#heard.dispatchEvent(new Event('news'));
    });
    socket.on('error', () => undefined);
  }

  /**
   * Connects, and is open when it returns.
   * @throws Error with the server's status when it refuses the upgrade
   */
  static async connect(url: string, options: RealtimeClientOptions = {}): Promise<RealtimeClient> {
    const socket = open(url, options);
    const client = new RealtimeClient(socket, new Set(options.drop));
    await once(socket, 'open');
    return client;
  }

  /**
   * Tries to connect where a refusal is expected.
   * @throws Error when the server takes the connection after all
   */
  static refused(url: string, options: RealtimeClientOptions = {}): Promise<RefusedUpgrade> {
    const socket = open(url, options);
    return new Promise((resolve, reject) => {
      socket.on('error', reject);
      socket.on('open', () => {
        socket.terminate();
        reject(new Error('the upgrade was not refused'));
      });
      socket.on('unexpected-response', (_request, response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => (body += piece));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      });
    });
  }

  /** Sends an event; a text or bytes go as they are, bytes as a binary frame. */
  send(event: object | string | Buffer): void {
    this.socket.send(typeof event === 'string' || Buffer.isBuffer(event) ? event : JSON.stringify(event));
  }

  /**
   * The next event of a type after the last one that was waited for; those between stay in `events`.
   * @throws Error when the connection ends or `withinMs` ms pass before
   */
  async next(type: string, withinMs = 15_000): Promise<RealtimeEvent> {
    const passed = await this.until(type, withinMs);
    const last = passed.at(-1);
    if (last === undefined) throw new Error(`no ${type}`);
    return last;
  }

  /** Like `next`, with all events that came before it since the last one that was waited for. */
  async until(type: string, withinMs = 15_000): Promise<readonly RealtimeEvent[]> {
    const from = this.#at;
    const has = () => this.events.findIndex((event, at) => at >= from && event.type === type);
    await this.#wait(() => has() >= 0, withinMs, type);
    this.#at = has() + 1;
    return this.events.slice(from, this.#at);
  }

  /** How the connection ends. @throws Error when it is still open after `withinMs` ms */
  async close(withinMs = 15_000): Promise<{ readonly code: number; readonly reason: string }> {
    await this.#wait(() => this.closed !== undefined, withinMs, 'close', true);
    return this.closed ?? { code: 0, reason: '' };
  }

  /** Leaves without a word. */
  leave(): void {
    this.socket.terminate();
  }

  #take(data: RawData, drop: ReadonlySet<string>): void {
    const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
    this.receivedBytes += bytes.byteLength;
    const event = JSON.parse(bytes.toString('utf8')) as RealtimeEvent;
    this.counts.set(event.type, (this.counts.get(event.type) ?? 0) + 1);
    if (!drop.has(event.type)) this.events.push(event);
    this.#heard.dispatchEvent(new Event('news'));
  }

  #wait(isThere: () => boolean, withinMs: number, what: string, isEndFine = false): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (error?: Error): void => {
        clearTimeout(timer);
        this.#heard.removeEventListener('news', look);
        if (error === undefined) resolve();
        else reject(error);
      };
      const look = (): void => {
        if (isThere()) return finish();
        if (this.closed === undefined || isEndFine) return;
        finish(new Error(`closed with ${this.closed.code} ${this.closed.reason} before ${what}`));
      };
      const heard = () => this.events.map(({ type }) => type).slice(-10);
      const timer = setTimeout(
        () => finish(new Error(`no ${what} in ${withinMs} ms; last: ${heard().join(', ')}`)),
        withinMs,
      );
      this.#heard.addEventListener('news', look);
      look();
    });
  }
}

function open(url: string, { bearer, headers, protocols }: RealtimeClientOptions): WebSocket {
  const authorization = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
  return new WebSocket(url, [...(protocols ?? [])], {
    perMessageDeflate: false,
    headers: { ...authorization, ...headers },
  });
}
