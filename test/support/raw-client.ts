import { type Agent, type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { eventually } from './eventually.js';

export interface RawAnswer {
  readonly status: number;
  /** Lower-case names; several values of a name joined by a line feed. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly raw: string;
}

const FIRST_BYTE_WITHIN_MS = 10_000;
const TICKS = 5;

/** Bytes as they are; or those that are sent when a text has come back. */
export type RawPart = string | { readonly onceHeard: string; readonly send: string };

/**
 * Sends bytes as they are over one connection and reads until it closes or `quietMs` pass without a byte. Silence is
 * counted in turns of this process, not by the clock: one that stood still for a second has heard nothing meanwhile.
 */
export function sendRaw(port: number, bytes: string | readonly RawPart[], quietMs = 400): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const tickMs = quietMs / TICKS;
    let received = '';
    let patience = TICKS + Math.ceil(FIRST_BYTE_WITHIN_MS / tickMs);
    const watch = setInterval(() => {
      if (--patience <= 0) socket.destroy();
    }, tickMs);
    socket.on('connect', async () => {
      for (const part of typeof bytes === 'string' ? [bytes] : bytes) {
        if (typeof part !== 'string') await eventually(() => received.includes(part.onceHeard) || socket.destroyed);
        socket.write(typeof part === 'string' ? part : part.send, 'latin1');
        await new Promise((next) => setTimeout(next, 30));
      }
    });
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      patience = TICKS;
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
    socket.on('close', () => {
      clearInterval(watch);
      resolve(received);
    });
  });
}

/** Reads the first answer out of what `sendRaw` received. */
export function parseAnswer(raw: string): RawAnswer {
  const end = raw.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = raw.slice(0, end).split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}\n${value}`;
  }
  const rest = raw.slice(end + 4);
  const body =
    headers['transfer-encoding'] === 'chunked'
      ? dechunk(rest)
      : rest.slice(0, Number(headers['content-length'] ?? rest.length));
  return { status: Number(statusLine.split(' ')[1]), headers, body, raw };
}

/** Sends one raw request and reads its answer. */
export async function askRaw(port: number, bytes: string | readonly RawPart[], quietMs?: number): Promise<RawAnswer> {
  return parseAnswer(await sendRaw(port, bytes, quietMs));
}

function dechunk(text: string): string {
  let body = '';
  let at = 0;
  for (;;) {
    const line = text.indexOf('\r\n', at);
    const size = Number.parseInt(text.slice(at, line), 16);
    if (line === -1 || Number.isNaN(size) || size === 0) return body;
    body += text.slice(line + 2, line + 2 + size);
    at = line + 2 + size + 2;
  }
}

export interface HeardAnswer {
  /** 0 when the connection ended before a head came. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** False when the connection was cut before the answer's end: what a client takes for an error. */
  readonly isComplete: boolean;
  readonly ms: number;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** A keep-alive agent; each call has a connection of its own otherwise. */
  readonly agent?: Agent;
  readonly signal?: AbortSignal;
}

/** Asks as a well-behaved client does and tells what it heard; never rejects. */
export function hear(
  port: number,
  path: string,
  { method = 'GET', headers = {}, body, agent, signal }: AskOptions = {},
): Promise<HeardAnswer> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
    const options = {
      port,
      path,
      method,
      headers: { ...length, ...headers },
      host: '127.0.0.1',
      agent: agent ?? false,
    };
    const req = request(signal === undefined ? options : { ...options, signal }, (res) => {
      let text = '';
      res.setEncoding('latin1');
      res.on('data', (chunk: string) => (text += chunk));
      res.on('error', () => undefined);
      res.on('close', () => tell(res.statusCode ?? 0, res.headers, text, res.complete));
    });
    const tell = (status: number, answerHeaders: IncomingHttpHeaders, text: string, isComplete: boolean): void =>
      resolve({ status, headers: answerHeaders, body: text, isComplete, ms: performance.now() - startedAt });
    req.on('error', () => tell(0, {}, '', false));
    req.end(body);
  });
}
