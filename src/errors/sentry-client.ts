import { createTransport, type ErrorEvent, type TransportMakeRequestResponse } from '@sentry/core';
import { ServerRuntimeClient } from '@sentry/core/server';
import { request } from 'undici';

/** Milliseconds that the receiver has for one event. */
const SEND_WITHIN_MS = 5000;
/** Events on their way at a time; more are dropped. */
const MAX_ON_THEIR_WAY = 10;

/** What became of an event that was handed over: a receiver that asks for rest is given it, and hears nothing meanwhile. */
export type SendResult = 'sent' | 'refused' | 'failed';

/** Hands events to Sentry, and does nothing else: no integration, no hook into the process, no tracing, no reports of its own. */
export interface SentryClient {
  send(event: ErrorEvent): void;
  flush(withinMs: number): Promise<void>;
}

export interface SentryClientOptions {
  readonly dsn: string;
  readonly onResult: (result: SendResult) => void;
}

/** @throws whatever the library says of a DSN that it cannot read */
export function makeSentryClient({ dsn, onResult }: SentryClientOptions): SentryClient {
  const client = new ServerRuntimeClient({
    dsn,
    integrations: [],
    stackParser: () => [],
    sendClientReports: false,
    traceLifecycle: 'static',
    attachStacktrace: false,
    maxBreadcrumbs: 0,
    transport: (options) =>
      createTransport({ ...options, bufferSize: MAX_ON_THEIR_WAY }, ({ body }) => post(options.url, body, onResult)),
  });
  client.init();
  return {
    send: (event) => void client.captureEvent(event),
    flush: async (withinMs) => void (await client.flush(withinMs)),
  };
}

async function post(
  url: string,
  body: string | Uint8Array,
  onResult: (result: SendResult) => void,
): Promise<TransportMakeRequestResponse> {
  try {
    const {
      statusCode,
      headers,
      body: answer,
    } = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-sentry-envelope' },
      body,
      signal: AbortSignal.timeout(SEND_WITHIN_MS),
    });
    await answer.dump();
    onResult(statusCode >= 200 && statusCode < 300 ? 'sent' : 'refused');
    return {
      statusCode,
      headers: {
        'retry-after': one(headers['retry-after']),
        'x-sentry-rate-limits': one(headers['x-sentry-rate-limits']),
      },
    };
  } catch {
    onResult('failed');
    return {};
  }
}

function one(value: string | string[] | undefined): string | null {
  return (Array.isArray(value) ? value[0] : value) ?? null;
}
