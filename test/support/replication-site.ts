import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { signIdentity } from '../../src/auth/index.js';
import type { Database } from '../../src/database/index.js';
import { conversationsView } from '../../src/features/conversations/conversation-rows.js';
import { CONVERSATIONS } from '../../src/features/conversations/conversations.collection.js';
import { SETTINGS, settingsView } from '../../src/features/chatbot-settings/settings.collection.js';
import { Upstreams } from '../../src/forward/index.js';
import {
  type Collection,
  DocumentReplication,
  LegacyWriters,
  ownerKey,
  PhpDocuments,
  REPLICATION_BOUNDS,
  type ReplicationBounds,
} from '../../src/replication/index.js';
import type { RouteTable } from '../../src/routing/index.js';
import type { Logger } from '../../src/trace/index.js';
import { call } from './http-call.js';
import { PhpLine } from './php-line.js';
import { IDENTITY_SECRET } from './test-gateway.js';

/** Short times: what is tested takes its way soon. */
const BOUNDS: ReplicationBounds = {
  ...REPLICATION_BOUNDS,
  graceMs: 0,
  askMs: 10_000,
  tellMs: 10_000,
  backoffMs: 20,
  maxBackoffMs: 100,
  pollMs: 100,
  firstLookMs: 100,
};

/** One gateway's replication, with a line of its own to PHP. */
export class ReplicationInstance {
  readonly writers = new LegacyWriters();
  readonly line: PhpLine;
  readonly documents: PhpDocuments;
  readonly replication: DocumentReplication;
  /** What was told to the log: its messages. */
  readonly log: string[] = [];
  private readonly upstreams = new Upstreams();

  private constructor(
    readonly database: Database,
    line: PhpLine,
    bounds: Partial<ReplicationBounds>,
  ) {
    this.line = line;
    this.connect();
    this.documents = new PhpDocuments(this.upstreams, IDENTITY_SECRET);
    const note = (_facts: unknown, message?: string): number => this.log.push(message ?? '');
    this.replication = new DocumentReplication({
      database,
      documents: this.documents,
      writers: this.writers,
      logger: { info: note, warn: note, error: note } as unknown as Logger,
      bounds: { ...BOUNDS, ...bounds },
    });
    this.replication.register(CONVERSATIONS as unknown as Collection);
    this.replication.register(SETTINGS as unknown as Collection);
  }

  /** Started with its relay. `database` stays the caller's. */
  static async start(
    database: Database,
    php: string,
    bounds: Partial<ReplicationBounds> = {},
  ): Promise<ReplicationInstance> {
    const instance = new ReplicationInstance(database, await PhpLine.start(php), bounds);
    instance.replication.onApplicationBootstrap();
    return instance;
  }

  /** Gives it a PHP that has a bridge. */
  connect(): void {
    this.use('/api/internal/documents.php');
  }

  disconnect(): void {
    this.use(undefined);
  }

  private use(documents: string | undefined): void {
    const php = {
      name: 'php',
      targets: [this.line.origin],
      health: { path: undefined, intervalMs: 60_000 },
      connectTimeoutMs: 5000,
      host: 'auto',
      identity: true,
      session: undefined,
      documents,
      breaker: { threshold: 1, windowMs: 60_000, openMs: 50 },
      connections: 32,
    } as const;
    this.upstreams.use(new Map([['php', php]]));
  }

  /** PHP can write these collections no more. */
  replaceAll(...collections: readonly { readonly writers: readonly string[] }[]): void {
    const routes = collections.flatMap(({ writers }) => writers.map((name) => ({ name, stage: 'replaced' })));
    this.writers.see({ routes } as unknown as RouteTable);
  }

  async create(subject: string, title: string): Promise<string> {
    const id = `conv_${randomUUID().replaceAll('-', '').slice(0, 24)}`;
    await this.replication.write(CONVERSATIONS, access(subject), {
      kind: 'create',
      id,
      title,
      metadata: '{}',
      at: now(),
    });
    return id;
  }

  rename(subject: string, id: string, title: string): Promise<unknown> {
    return this.replication.write(CONVERSATIONS, access(subject), { kind: 'change', id, title, at: now() });
  }

  merge(subject: string, settings: object): Promise<unknown> {
    return this.replication.write(SETTINGS, access(subject), {
      kind: 'merge',
      changes: JSON.stringify(settings),
      at: now(),
    });
  }

  reset(subject: string): Promise<unknown> {
    return this.replication.write(SETTINGS, access(subject), { kind: 'reset', at: now() });
  }

  /** The titles as a native read finds them, in PHP's order. */
  async titles(subject: string): Promise<readonly string[]> {
    const rows = await this.replication.read(
      CONVERSATIONS as unknown as Collection,
      access(subject),
      conversationsView,
    );
    return rows.toSorted((a, b) => a.position - b.position).map(({ title }) => title);
  }

  async settings(subject: string): Promise<Record<string, unknown>> {
    const [row] = await this.replication.read(SETTINGS as unknown as Collection, access(subject), settingsView);
    return JSON.parse(row?.settings ?? '{}') as Record<string, unknown>;
  }

  /** What the rows say now, as PHP would write it; PHP is not asked. */
  document(collection: Collection, subject: string): Promise<string | undefined> {
    return this.database.transaction((trx) => collection.document(trx, ownerKey(subject)));
  }

  async pending(): Promise<number> {
    return (await this.replication.status()).pending;
  }

  async stop(): Promise<void> {
    await this.replication.beforeApplicationShutdown();
    await this.upstreams.close();
    await this.line.stop();
  }
}

/** What PHP writes by itself, and what stands in its files. */
export class PhpSide {
  constructor(
    private readonly origin: string,
    readonly data: string,
  ) {}

  async create(subject: string, title: string): Promise<string> {
    const answer = await this.send(subject, 'POST', '/api/conversations.php', { title });
    return (answer as { data: { id: string } }).data.id;
  }

  rename(subject: string, id: string, title: string): Promise<unknown> {
    return this.send(subject, 'PUT', '/api/conversations.php', { id, title });
  }

  merge(subject: string, settings: object): Promise<unknown> {
    return this.send(subject, 'POST', '/api/chatbot_settings.php', settings);
  }

  /** What PHP answers to its clients. */
  get(subject: string, path: string): Promise<unknown> {
    return this.send(subject, 'GET', path);
  }

  fileOf(folder: string, subject: string): string {
    return join(this.data, folder, `${ownerKey(subject)}.json`);
  }

  titles(subject: string): readonly string[] {
    return titlesOf(readFileSync(this.fileOf('conversations', subject), 'utf8'));
  }

  settings(subject: string): Record<string, unknown> {
    return JSON.parse(readFileSync(this.fileOf('settings', subject), 'utf8')) as Record<string, unknown>;
  }

  private async send(subject: string, method: string, path: string, body?: object): Promise<unknown> {
    const identity = { subject, roles: ['user'], via: 'jwt' } as Parameters<typeof signIdentity>[1];
    const answer = await call(this.origin, path, {
      method,
      headers: {
        'X-Gateway-Identity': signIdentity(IDENTITY_SECRET, identity, method, path),
        'Content-Type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.status >= 300) throw new Error(`PHP answered ${answer.status}: ${answer.text}`);
    return answer.json();
  }
}

let people = 0;

/** A subject whom no test has met yet. */
export function somebody(): string {
  people += 1;
  return `user_${people}`;
}

export function access(subject: string): { readonly subject: string; readonly traceId: string } {
  return { subject, traceId: 'a'.repeat(32) };
}

function now(): string {
  return new Date().toISOString();
}

function titlesOf(document: string | undefined): readonly string[] {
  if (document === undefined) return [];
  const { conversations = [] } = JSON.parse(document) as { conversations?: { title: string }[] };
  return conversations.map(({ title }) => title);
}
