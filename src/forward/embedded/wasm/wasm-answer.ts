import { createReadStream } from 'node:fs';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { type PhpAnswerSink } from './php-thread.js';
import { findPublicFile } from './public-file.js';

/** What the connection settles itself, not PHP. */
const withheld = new Set(['connection', 'keep-alive', 'transfer-encoding', 'date']);

/** Writes PHP's answer to the client as it comes, and holds it within its bound. */
export class WasmAnswer implements PhpAnswerSink {
  /** PHP's router left this URL to the file server. */
  isFile = false;

  constructor(
    private readonly response: ServerResponse,
    private readonly marker: string,
    private readonly maxUnsentBytes: number,
    /** Called when the client takes the answer too slowly for its size. */
    private readonly onOverflow: () => void,
  ) {}

  head(status: number, headers: ReadonlyArray<readonly [string, string]>): void {
    this.isFile = headers.some(([name]) => name.toLowerCase() === this.marker);
    if (this.isFile || this.response.headersSent) return;
    this.response.statusCode = status;
    for (const [name, value] of headers) {
      if (withheld.has(name.toLowerCase())) continue;
      try {
        this.response.appendHeader(name, value);
      } catch {
        // A name or value that HTTP does not allow: left out, as web servers do.
      }
    }
    // A stream's first bytes may be long in coming; its head need not wait for them.
    this.response.flushHeaders();
  }

  body(bytes: Uint8Array): void {
    if (this.isFile || this.response.destroyed) return;
    this.response.write(bytes);
    if (this.response.writableLength > this.maxUnsentBytes) this.onOverflow();
  }
}

/** Answers without PHP: a short text, and no more than the status says. */
export function refuse(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'content-type': 'text/plain; charset=UTF-8' }).end(`${text}\n`);
}

/** Sends the public file that the request names, or 404. */
export async function sendFile(request: IncomingMessage, response: ServerResponse, folder: string): Promise<void> {
  const file = await findPublicFile(folder, request.url ?? '/');
  if (file === undefined) return refuse(response, 404, 'Not Found');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return refuse(response, 405, 'Method Not Allowed');
  }
  response.writeHead(200, { 'content-type': file.contentType, 'content-length': file.size });
  if (request.method === 'HEAD') return void response.end();
  await pipeline(createReadStream(file.path), response).catch(() => response.destroy());
}
