import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isMap, isScalar, parseDocument } from 'yaml';
import { ownerKey } from '../../src/replication/index.js';
import { type FpmParts, type PhpFpm, startPhpFpm } from './php-fpm.js';
import { IDENTITY_SECRET, startTestGateway, type TestGateway, type TestGatewayOptions } from './test-gateway.js';

/** The routes that either side can answer. */
export const TWIN_ROUTES = [
  'conversations.list',
  'conversations.create',
  'conversations.update',
  'conversations.delete',
  'settings.get',
  'settings.set',
  'settings.reset',
] as const;

/** The shipped table with a native handler beside PHP in all twin routes, `stage` in each of them, and limits that no test meets. */
export function twinTable(stage: 'proxy' | 'replaced' = 'proxy'): string {
  const document = parseDocument(readFileSync(resolve(import.meta.dirname, '../../routes.yaml'), 'utf8'));
  for (const route of TWIN_ROUTES) {
    document.setIn(['routes', route, 'handler'], route);
    document.setIn(['routes', route, 'stage'], stage);
    for (const more of ['weight', 'promotion']) document.deleteIn(['routes', route, more]);
  }
  const limits = document.getIn(['policies', 'rateLimit']);
  if (!isMap(limits)) throw new Error('the route table has no limits');
  for (const { key } of limits.items)
    document.setIn(['policies', 'rateLimit', isScalar(key) ? key.value : key, 'limit'], 1_000_000);
  document.setIn(['defaults', 'concurrency', 'caller'], 1000);
  return String(document);
}

/** Donna's PHP application with a folder of data that a test can look into. */
export interface DonnaData {
  readonly origin: string;
  readonly folder: string;
  readonly php: PhpFpm;
  /** PHP's document of a collection; undefined when there is none. Without the gateway's stamp. */
  document(collection: 'conversations' | 'settings', owner: string): Record<string, unknown> | undefined;
  /** Writes a file where PHP keeps an owner's document. */
  plant(collection: 'conversations' | 'settings', owner: string, bytes: string | Buffer): void;
  remove(collection: 'conversations' | 'settings', owner: string): void;
  /** Takes all documents away, for a test that shares this PHP with others. */
  clear(): void;
  stop(): Promise<void>;
}

export async function startDonnaData(parts: FpmParts, env: Readonly<Record<string, string>> = {}): Promise<DonnaData> {
  const folder = mkdtempSync(join(tmpdir(), 'donna-data-'));
  const php = await startPhpFpm(parts, {
    buffersRequests: true,
    env: { DONNA_DATA_DIR: folder, GATEWAY_IDENTITY_SECRET: IDENTITY_SECRET, REQUIRE_GATEWAY: 'true', ...env },
  });
  const fileOf = (collection: string, owner: string): string => join(folder, collection, `${owner}.json`);
  return {
    origin: php.origin,
    folder,
    php,
    document: (collection, owner) => {
      const file = fileOf(collection, owner);
      if (!existsSync(file)) return undefined;
      const { '~gateway': _, ...document } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
      return document;
    },
    plant: (collection, owner, bytes) => {
      mkdirSync(join(folder, collection), { recursive: true });
      writeFileSync(fileOf(collection, owner), bytes);
    },
    remove: (collection, owner) => rmSync(fileOf(collection, owner), { force: true }),
    clear: () => {
      for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true });
    },
    stop: async () => {
      await php.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A gateway with the native twins, before this PHP. */
export function startTwinGateway(
  data: Pick<DonnaData, 'origin'>,
  options: TestGatewayOptions = {},
): Promise<TestGateway> {
  return startTestGateway({
    routes: twinTable(),
    phpTargets: [data.origin],
    ...options,
  });
}

/** The keys of some owners, in their order, and a document for each as PHP writes it. */
export function manyOwners(count: number, from = 0): readonly { readonly owner: string; readonly subject: string }[] {
  return Array.from({ length: count }, (_, index) => `user-${from + index}`)
    .map((subject) => ({ subject, owner: ownerKey(subject) }))
    .toSorted((left, right) => (left.owner < right.owner ? -1 : 1));
}

/** A document of some conversations with messages, different for each seed. */
export function conversationsOf(seed: string, count: number, messages = 4): string {
  const at = '2026-01-02T03:04:05.678Z';
  const conversations = Array.from({ length: count }, (_, index) => ({
    id: `conv_${createHash('sha256').update(`${seed} ${index}`).digest('hex').slice(0, 24)}`,
    title: `Gespräch ${index} of ${seed} "quoted" \u2028 / 日本`,
    created_at: at,
    updated_at: `2026-01-02T03:04:${String(10 + (index % 50))}.000Z`,
    last_message_at: messages > 0 ? at : null,
    message_count: messages,
    status: 'active',
    last_message_preview: messages > 0 ? 'the last one' : null,
    metadata: '{"profile":"sales","n":1.0}',
    messages: Array.from({ length: messages }, (_unused, turn) => ({
      role: turn % 2 === 0 ? 'user' : 'assistant',
      content: `${seed} says ${turn}: ${'words '.repeat(10)}`,
    })),
  }));
  return JSON.stringify({ conversations });
}
