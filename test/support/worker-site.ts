import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { makeAccessToken } from '../../src/auth/index.js';
import { eventually } from './eventually.js';
import type { GatewayProcess } from './gateway-process.js';
import { JWT_SECRET } from './test-gateway.js';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface Call {
  readonly agent?: Agent | undefined;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
  readonly withinMs?: number;
}

/** A request over a connection of its own, or that of `agent`. */
export function call(url: string, { agent, method = 'GET', headers = {}, body, withinMs }: Call = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const type =
      sent === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': String(sent.length) };
    const req = request(url, { agent: agent ?? false, method, headers: { ...headers, ...type } }, (res) => {
      let text = '';
      res.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, text })).on('error', reject);
    });
    if (withinMs !== undefined) req.setTimeout(withinMs, () => req.destroy(new Error('no answer in time')));
    req.on('error', reject).end(sent);
  });
}

export function bearer(token: string): Readonly<Record<string, string>> {
  return { Authorization: `Bearer ${token}` };
}

export const ADMIN = bearer(makeAccessToken(JWT_SECRET, { subject: 'boss', roles: ['admin'], lifeS: 600 }));
/** Of a route table, for who uses `connectToEach`. */
export const SESSION_ROUTE =
  'session: { match: { path: /admin/api/session, methods: [GET] }, handler: admin.session, policies: { authorization: admin } }';

/** One kept connection for each of two workers, by the worker's number. */
export async function connectToEach(gateway: GatewayProcess): Promise<ReadonlyMap<string, Agent>> {
  const found = new Map<string, Agent>();
  const others: Agent[] = [];
  await eventually(async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const { text } = await call(`${gateway.url}/admin/api/session`, { agent, headers: ADMIN });
    const number = /"instance":"[0-9a-f]+\.(\d+)"/.exec(text)?.[1] ?? '';
    if (found.has(number)) others.push(agent);
    else found.set(number, agent);
    return found.has('1') && found.has('2');
  });
  for (const agent of others) agent.destroy();
  return found;
}

/** Process ids of the workers, and of nothing else that the primary has started. */
export function workersOf({ pid }: GatewayProcess): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  return children.filter((child) => {
    try {
      return readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('gateway.worker.js');
    } catch {
      // It has ended meanwhile.
      return false;
    }
  });
}

export function isAlive(pid: number): boolean {
  try {
    // One that nobody has reaped yet is dead all the same.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
