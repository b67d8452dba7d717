import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { waitAtMost } from '../wait-at-most.js';

const CONNECT_WITHIN_MS = 5000;
const HEARTBEAT_MS = 1000;
/** Milliseconds without an answer after which the server counts as gone. */
const SILENCE_MS = 3000;
const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 2000;

export interface WatchEvents {
  /** Connected; every channel is listened to. */
  onUp(): void;
  /** Not connected, or no more; told after each try. */
  onDown(error: unknown): void;
  onListening(channel: string): void;
  onMessage(channel: string, payload: string): void;
}

/**
 * One connection that is always kept: it hears notifications, and by a heartbeat knows whether the server is there. Made
 * anew with backoff whenever it is lost, with all its channels.
 */
export class PostgresWatch {
  private readonly channels = new Set<string>();
  /** Those that the connection of now has been told of. */
  private readonly heard = new Set<string>();
  private client: Client | undefined;
  /** `pg` wants one statement at a time. */
  private last: Promise<unknown> = Promise.resolve();
  private readonly stop = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly makeClient: () => Client,
    private readonly events: WatchEvents,
  ) {}

  start(): void {
    this.running ??= this.run();
  }

  /** Whether notifications of the channel arrive now. */
  isListening(channel: string): boolean {
    return this.heard.has(channel);
  }

  listen(channel: string): void {
    this.channels.add(channel);
    const { client } = this;
    if (client === undefined) return;
    this.begin(client, channel).then(
      () => this.tell(channel),
      // The connection is lost, or about to be: the next one listens.
      (error: Error) => client.emit('error', error),
    );
  }

  unlisten(channel: string): void {
    this.heard.delete(channel);
    if (!this.channels.delete(channel) || this.client === undefined) return;
    this.ask(this.client, `unlisten ${channel}`).catch(() => undefined);
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    let backoffMs = FIRST_BACKOFF_MS;
    while (!this.stop.signal.aborted) {
      let wasUp = false;
      try {
        await this.hold(() => {
          wasUp = true;
        });
      } catch (error) {
        if (this.stop.signal.aborted) return;
        this.events.onDown(error);
      }
      backoffMs = wasUp ? FIRST_BACKOFF_MS : Math.min(backoffMs * 2, MAX_BACKOFF_MS);
      await this.pause(backoffMs + Math.random() * FIRST_BACKOFF_MS);
    }
  }

  /** One connection, until it is lost. @throws what ended it */
  private async hold(onUp: () => void): Promise<void> {
    const client = this.makeClient();
    let fail: (error: Error) => void = () => undefined;
    const lost = new Promise<never>((_resolve, reject) => {
      fail = reject;
    });
    lost.catch(() => undefined);
    client.on('error', (error) => fail(error));
    client.on('end', () => fail(new Error('the connection was closed')));
    client.on('notification', ({ channel, payload }) => this.events.onMessage(channel, payload ?? ''));
    try {
      await waitAtMost(client.connect(), CONNECT_WITHIN_MS, () => new Error('no answer in time'));
      this.last = Promise.resolve();
      this.client = client;
      for (const channel of this.channels) await this.begin(client, channel);
      onUp();
      this.events.onUp();
      for (const channel of this.channels) this.tell(channel);
      while (!this.stop.signal.aborted) {
        await Promise.race([this.pause(HEARTBEAT_MS), lost]);
        await Promise.race([this.ask(client, 'select 1'), lost]);
      }
    } finally {
      this.client = undefined;
      this.heard.clear();
      client.end().catch(() => undefined);
    }
  }

  private async begin(client: Client, channel: string): Promise<void> {
    await this.ask(client, `listen ${channel}`);
    if (this.client === client && this.channels.has(channel)) this.heard.add(channel);
  }

  private tell(channel: string): void {
    if (this.heard.has(channel)) this.events.onListening(channel);
  }

  private ask(client: Client, statement: string): Promise<unknown> {
    const asked = this.last.then(() =>
      waitAtMost(client.query(statement), SILENCE_MS, () => new Error('no answer in time')),
    );
    this.last = asked.catch(() => undefined);
    return asked;
  }

  private async pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.stop.signal }).catch(() => undefined);
  }
}
