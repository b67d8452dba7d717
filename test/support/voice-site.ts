import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { makeAccessToken } from '../../src/auth/index.js';
import { call, type CallAnswer } from './http-call.js';
import { JWT_SECRET, type TestGateway } from './test-gateway.js';

export type BoardName = 'marketing' | 'sales' | 'secretary';

/** What a board was told. */
export interface Told {
  readonly board: BoardName;
  readonly headers: IncomingMessage['headers'];
  readonly fields: Readonly<Record<string, unknown>>;
}

export type BoardAnswer = (res: ServerResponse, req: IncomingMessage) => void;

/** A PHP application of which nothing but the boards is there, each answering as a test says. */
export interface Boards {
  readonly origin: string;
  readonly told: readonly Told[];
  answer(board: BoardName, how: BoardAnswer): void;
  /** All answer well again, and nothing has been told. */
  reset(): void;
  stop(): Promise<void>;
}

export const GOOD: BoardAnswer = (res) =>
  res.setHeader('Content-Type', 'application/json').end('{"success":true,"data":{"id":"evt_1"}}');

const BOARDS: Readonly<Record<string, BoardName>> = {
  '/api/marketing.php': 'marketing',
  '/api/sales/overview.php': 'sales',
  '/api/secretary/dashboard.php': 'secretary',
};

export async function startBoards(): Promise<Boards> {
  const told: Told[] = [];
  const answers = new Map<BoardName, BoardAnswer>();
  const server: Server = createServer((req, res) => {
    const board = BOARDS[req.url ?? ''];
    if (board === undefined) {
      res.end('{"success":true}');
      return;
    }
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.once('end', () => {
      const fields = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Told['fields'];
      told.push({ board, headers: req.headers, fields });
      (answers.get(board) ?? GOOD)(res, req);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    told,
    answer: (board, how) => answers.set(board, how),
    reset: () => {
      told.splice(0);
      answers.clear();
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export const FANOUT = '/api/voice/fanout';
export const EVENTS = '/api/voice/events';

/** The headers of a person with an access token. */
export function bearer(subject = 'user_voice'): Readonly<Record<string, string>> {
  const token = makeAccessToken(JWT_SECRET, { subject, roles: ['user'], lifeS: 300 });
  return { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
}

export function post(
  gateway: Pick<TestGateway, 'url'>,
  path: string,
  fields: unknown,
  headers: Readonly<Record<string, string>> = bearer(),
): Promise<CallAnswer> {
  return call(gateway.url, path, { method: 'POST', headers, body: JSON.stringify(fields) });
}

/** The samples of a Prometheus text by name and labels as they stand there. */
export function samples(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}
