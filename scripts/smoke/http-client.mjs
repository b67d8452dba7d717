import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from './report.mjs';

const TIMEOUT_MS = 15_000;
const MAX_BYTES = 4 * 1024 * 1024;
/** The longest that a smoke waits for a limit which an earlier run used up. Seconds. */
const MAX_WAIT_S = 70;

/** Sends requests to one base URL, each on a connection of its own, follows nothing, and looks at every answer by `inspect`. */
export class HttpClient {
  sent = 0;

  constructor(base, inspect = () => undefined) {
    this.base = base;
    this.inspect = inspect;
  }

  /**
   * One request: `{method, path, headers, json}`. Unless `limited`, a 429 that lets one come back within a minute is waited
   * for, once: an earlier run may have used the limit up.
   */
  async send(options) {
    const answer = await this.#exchange(options);
    const waitS = Number(answer.headers['retry-after'] ?? Number.NaN);
    if (options.limited === true || answer.status !== 429 || !(waitS <= MAX_WAIT_S)) return answer;
    console.log(`        limited: waiting ${waitS} s for ${options.path}`);
    await sleep(waitS * 1000 + 250);
    return this.#exchange(options);
  }

  async #exchange({ method = 'GET', path, headers = {}, json }) {
    const body = json === undefined ? undefined : Buffer.from(typeof json === 'string' ? json : JSON.stringify(json));
    const framing =
      body === undefined
        ? method === 'GET' || method === 'HEAD'
          ? {}
          : { 'Content-Length': '0' }
        : { 'Content-Type': 'application/json', 'Content-Length': String(body.byteLength) };
    this.sent += 1;
    const answer = await this.#request(method, path, { Accept: '*/*', ...framing, ...headers }, body);
    this.inspect(answer, `${method} ${path}`);
    return answer;
  }

  #request(method, path, headers, body) {
    const url = new URL(this.base + path);
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    return new Promise((resolve, reject) => {
      const req = send(url, { method, headers, agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) });
      req.once('error', reject);
      // 101: whoever asked for a WebSocket has got one.
      req.once('upgrade', (res, socket) => {
        socket.destroy();
        resolve(toAnswer(res, Buffer.alloc(0)));
      });
      req.once('response', (res) => {
        const chunks = [];
        let bytes = 0;
        res.on('data', (chunk) => {
          bytes += chunk.byteLength;
          if (bytes > MAX_BYTES) req.destroy(new Failure(`at most ${MAX_BYTES} bytes from ${path}`, 'more'));
          chunks.push(chunk);
        });
        res.once('error', reject);
        res.once('end', () => resolve(toAnswer(res, Buffer.concat(chunks))));
      });
      req.end(body);
    });
  }
}

function toAnswer(res, body) {
  const { rawHeaders } = res;
  const text = body.toString('utf8');
  return {
    status: res.statusCode ?? 0,
    headers: res.headers,
    rawHeaders,
    text,
    json: parse(text),
    /** Every value of a header, in order. */
    all: (name) => rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1].toLowerCase() === name.toLowerCase()),
  };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
