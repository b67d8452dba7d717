import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type WasmLimits } from '../embedded-php.js';
import { phpCall } from './php-call.js';
import { type PhpPool } from './php-pool.js';
import { type PhpThread } from './php-thread.js';
import { findPublicPage } from './public-file.js';
import { readBody } from './request-body.js';
import { refuse, sendFile, WasmAnswer } from './wasm-answer.js';
import { type PhpCall } from './wasm-messages.js';

/** What an exchange works with. */
export interface WasmExchangeParts {
  readonly pool: PhpPool;
  readonly limits: WasmLimits;
  readonly marker: string;
  readonly root: string;
  readonly publicFolder: string;
}

/** Takes an HTTP request through PHP and back, and frees its thread whatever happens. */
export class WasmExchange {
  constructor(private readonly parts: WasmExchangeParts) {}

  /** Answers one request; never throws. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    response.on('error', () => gone.abort());
    try {
      await this.#serve(request, response, gone.signal);
    } catch {
      refuse(response, 500, 'Internal Server Error');
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse, gone: AbortSignal): Promise<void> {
    const { pool, limits, root, publicFolder } = this.parts;
    const read = await readBody(request, limits.maxRequestBytes);
    if ('fault' in read) {
      if (read.fault === 'aborted') return;
      response.setHeader('connection', 'close');
      return refuse(response, 413, 'Payload Too Large');
    }
    const page = await findPublicPage(publicFolder, request.url ?? '/');
    const call = phpCall(request, read.body, root);
    const thread = await pool.acquire(limits.requestTimeoutMs, gone);
    if (thread === undefined) {
      response.setHeader('retry-after', '1');
      return refuse(response, 503, 'PHP is busy');
    }
    const answered = page === undefined ? call : { ...call, server: { ...call.server, EMBEDDED_PAGE: page } };
    if (await this.#run(thread, answered, response, gone)) await sendFile(request, response, publicFolder);
  }

  /** Runs PHP and writes its answer; true when PHP's router left the URL to the file server. */
  async #run(thread: PhpThread, call: PhpCall, response: ServerResponse, gone: AbortSignal): Promise<boolean> {
    const { pool, limits, marker } = this.parts;
    let refusal: readonly [number, string] = [502, 'PHP failed'];
    const timeout = setTimeout(() => {
      refusal = [504, 'PHP took too long'];
      void thread.end();
    }, limits.requestTimeoutMs);
    let grace: NodeJS.Timeout | undefined;
    const leave = (): void => {
      grace = setTimeout(() => void thread.end(), limits.abortGraceMs);
    };
    gone.addEventListener('abort', leave);
    const answer = new WasmAnswer(response, marker, limits.maxUnsentBytes, () => {
      response.destroy();
      void thread.end();
    });
    const end = await thread.run(call, answer);
    clearTimeout(timeout);
    clearTimeout(grace);
    gone.removeEventListener('abort', leave);
    pool.release(thread);
    if (end === 'lost') refuse(response, ...refusal);
    else if (!answer.isFile) response.end();
    return end === 'done' && answer.isFile;
  }
}
