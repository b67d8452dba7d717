import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { createClient, RESP_TYPES } from '@redis/client';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../trace/index.js';
import { StateUnavailableError } from './shared-state.js';

const CONNECT_TIMEOUT_MS = 2000;
/** Milliseconds after which a command is given up: far above a slow Redis, and short enough for a request to wait. */
const COMMAND_TIMEOUT_MS = 500;
const HEARTBEAT_MS = 1000;
/** Milliseconds of silence after which the connection is made anew: another Redis may stand behind the name by now. */
const SILENCE_MS = 5000;
const MAX_BACKOFF_MS = 2000;
/** Commands under way; more are refused. */
const MAX_COMMANDS = 10_000;
/** Milliseconds that the start of the gateway waits for Redis. */
const START_WAIT_MS = 1000;
const SAID_BY_REDIS = /^(?!E[A-Z]+$)[A-Z]{4,}$/;
const REFUSAL_QUIET_MS = 60_000;
/** Written by the heartbeat: a Redis that takes no writes (read-only, out of memory) is as good as gone. */
const HEARTBEAT_KEY = 'donna:heartbeat';

export type RedisClient = ReturnType<typeof makeClient>;

/**
 * The one connection of this process to Redis. It is made anew with backoff whenever it is lost; meanwhile, and while
 * Redis is silent, commands fail at once. An outage is told once, and so is its end, without URL or credentials.
 */
export class RedisConnection implements OnModuleInit, OnApplicationShutdown {
  private readonly client: RedisClient;
  private readonly upListeners: (() => void)[] = [];
  private isUsable = false;
  /** Faults of this outage that the log has been told of. */
  private readonly told = new Set<string>();
  private isClosed = false;
  private heartbeat: NodeJS.Timeout | undefined;
  private quietUntil = 0;
  private starting: Promise<void> | undefined;

  constructor(
    url: string,
    private readonly logger: Logger,
  ) {
    this.client = makeClient(url);
    this.client.on('error', (error: unknown) => this.goDown(error));
    this.client.on('ready', () => this.beat());
  }

  /** Whether Redis answered when it was last asked. */
  get isUp(): boolean {
    return this.isUsable;
  }

  /** Calls `listener` whenever Redis has become reachable. */
  onUp(listener: () => void): void {
    this.upListeners.push(listener);
  }

  /** Connects. Waits a moment, so that the first requests find the shared state, but not for a Redis that is gone. */
  onModuleInit(): Promise<void> {
    this.starting ??= this.start();
    return this.starting;
  }

  onApplicationShutdown(): void {
    this.isClosed = true;
    this.isUsable = false;
    clearTimeout(this.heartbeat);
    if (this.client.isOpen) this.client.destroy();
  }

  /** Sends a command. @throws StateUnavailableError at once while Redis is gone, and after 500 ms without an answer */
  async run<Reply>(command: (client: RedisClient) => Promise<Reply>): Promise<Reply> {
    if (!this.isUsable) throw new StateUnavailableError();
    return this.ask(command);
  }

  /** The bytes under a key, which need be no text. @throws StateUnavailableError as {@link run} does */
  getBytes(key: string): Promise<Buffer | null> {
    return this.run((client) => client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }).get(key));
  }

  private async start(): Promise<void> {
    const up = new Promise<void>((resolve) => this.onUp(resolve));
    this.client.connect().catch((error: unknown) => this.goDown(error));
    await Promise.race([up, sleep(START_WAIT_MS, undefined, { ref: false })]);
  }

  private async ask<Reply>(command: (client: RedisClient) => Promise<Reply>): Promise<Reply> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const giveUp = (): void => {
        const error = new StateUnavailableError({ cause: new Error('no answer in time') });
        reject(error);
        this.goDown(error.cause);
      };
      // One turn later: after a pause of this process the answer may lie in the socket, unread.
      timer = setTimeout(() => setImmediate(() => (timer === undefined ? undefined : giveUp())), COMMAND_TIMEOUT_MS);
    });
    try {
      return await Promise.race([command(this.client), late]);
    } catch (error) {
      if (error instanceof StateUnavailableError) throw error;
      this.tellRefusal(error);
      throw new StateUnavailableError({ cause: error });
    } finally {
      clearTimeout(timer);
      timer = undefined;
    }
  }

  /** What Redis refuses while it is up (a missing permission, another type under the key) would else show nowhere. */
  private tellRefusal(error: unknown): void {
    if (!this.isUsable || performance.now() < this.quietUntil) return;
    this.quietUntil = performance.now() + REFUSAL_QUIET_MS;
    this.logger.error({ fault: nameOf(error) }, 'redis refused a command');
  }

  /** Asks once a second; never a second time while the first is unanswered, so that silence can be noticed. */
  private beat(): void {
    clearTimeout(this.heartbeat);
    if (this.isClosed || !this.client.isReady) return;
    const answer = this.client.set(HEARTBEAT_KEY, '1', { PX: 60_000 });
    answer
      .then(
        () => this.goUp(),
        (error: unknown) => this.goDown(error),
      )
      .finally(() => {
        clearTimeout(this.heartbeat);
        if (!this.isClosed) this.heartbeat = setTimeout(() => this.beat(), HEARTBEAT_MS).unref();
      });
    this.ask(() => answer).catch((error: unknown) => this.goDown(error));
  }

  private goUp(): void {
    if (this.isUsable || this.isClosed) return;
    this.isUsable = true;
    if (this.told.size > 0) this.logger.info('redis is back: limits and state are shared again');
    this.told.clear();
    for (const listener of this.upListeners) listener();
  }

  private goDown(error: unknown): void {
    this.isUsable = false;
    const fault = nameOf(error);
    // Once an outage; what Redis itself says (a wrong password, read-only) is news even then.
    if (this.isClosed || (this.told.size > 0 && !SAID_BY_REDIS.test(fault)) || this.told.has(fault)) return;
    this.told.add(fault);
    this.logger.error(
      { fault },
      'redis cannot be reached: limits are counted and state is kept in this process until it is back',
    );
  }
}

function makeClient(url: string) {
  return createClient({
    url,
    name: 'donna-gateway',
    disableOfflineQueue: true,
    commandsQueueMaxLength: MAX_COMMANDS,
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SILENCE_MS,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** Math.min(retries, 10), MAX_BACKOFF_MS) + Math.random() * 100,
    },
  });
}

/** What went wrong, without addresses: a system error's code, the first word of what Redis says (`WRONGPASS`), or a class. */
function nameOf(error: unknown): string {
  const { code, message, constructor } = error as Partial<NodeJS.ErrnoException>;
  return code ?? /^[A-Z]{4,}(?= )/.exec(message ?? '')?.[0] ?? constructor?.name ?? 'unknown';
}
