import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One event as it came in. */
export interface ReceivedEvent {
  readonly level: string;
  readonly release: string;
  readonly environment: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly contexts?: { readonly trace?: { readonly trace_id: string } };
  readonly exception: {
    readonly values: readonly {
      readonly type: string;
      readonly value?: string;
      readonly stacktrace?: { readonly frames: readonly { readonly filename: string; readonly lineno?: number }[] };
    }[];
  };
}

/** Takes envelopes as Sentry does, and answers as it is told. */
export interface SentryReceiver {
  readonly dsn: string;
  readonly events: readonly ReceivedEvent[];
  /** Every byte that came in: request line, headers, bodies. */
  all(): string;
  /** Requests, answered or not. */
  calls(): number;
  answer(how: (res: ServerResponse) => void): void;
  stop(): Promise<void>;
}

const WELL = (res: ServerResponse): void => void res.end('{}');

export async function startSentryReceiver(): Promise<SentryReceiver> {
  const events: ReceivedEvent[] = [];
  let all = '';
  let calls = 0;
  let answer = WELL;
  const server = createServer((req: IncomingMessage, res: ServerResponse) => {
    calls += 1;
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.once('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      all += `${req.method} ${req.url}\n${req.rawHeaders.join('\n')}\n${body}\n`;
      const lines = body.split('\n');
      for (const [at, line] of lines.entries())
        if (line.startsWith('{"type":"event"')) events.push(JSON.parse(lines[at + 1] ?? '') as ReceivedEvent);
      answer(res);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    dsn: `http://5e7c0ffee@127.0.0.1:${(server.address() as AddressInfo).port}/42`,
    events,
    all: () => all,
    calls: () => calls,
    answer: (how) => {
      answer = how;
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
