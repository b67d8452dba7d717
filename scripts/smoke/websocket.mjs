import { createHash, randomBytes } from 'node:crypto';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { Failure } from './report.mjs';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const TIMEOUT_MS = 15_000;
const MAX_FRAME = 1024 * 1024;
const [TEXT, CLOSE, PING, PONG] = [1, 8, 9, 10];

/**
 * Asks for a WebSocket (RFC 6455, section 4.1). Resolves with `{socket}`, or with `{refusal: {status, headers, text, json, all}}`.
 * Node 20 has no WebSocket of its own that could send headers.
 */
export function openSocket(base, path, headers = {}) {
  const url = new URL(base + path);
  const key = randomBytes(16).toString('base64');
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  const upgrade = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': key,
  };
  return new Promise((resolve, reject) => {
    const req = send(url, { headers: { ...upgrade, ...headers }, agent: false });
    const timer = setTimeout(() => req.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
    req.once('error', reject).once('close', () => clearTimeout(timer));
    req.once('upgrade', (res, socket, head) => {
      clearTimeout(timer);
      const wanted = createHash('sha1')
        .update(key + GUID)
        .digest('base64');
      const accept = res.headers['sec-websocket-accept'];
      if (accept === wanted) resolve({ socket: new SmokeSocket(socket, head) });
      else reject(new Failure(`Sec-WebSocket-Accept: ${wanted}`, String(accept)));
    });
    req.once('response', (res) => {
      const chunks = [];
      res.on('data', (chunk) => chunks.push(chunk)).once('error', reject);
      res.once('end', () => resolve({ refusal: toAnswer(res, Buffer.concat(chunks).toString('utf8')) }));
    });
    req.end();
  });
}

/** The little of a WebSocket that a smoke needs: texts in both directions, and how it ends. */
class SmokeSocket {
  #socket;
  #unread;
  #texts = [];
  #closed;
  #wake = () => undefined;

  constructor(socket, head) {
    this.#socket = socket;
    this.#unread = head;
    // Whoever waits has a timer: a socket that is left open is not to keep the smoke from its end.
    socket.unref();
    socket.on('data', (chunk) => this.#take(Buffer.concat([this.#unread, chunk])));
    socket.on('error', () => undefined);
    // RFC 6455, section 7.1.5: an end without a close frame is 1006.
    socket.once('close', () => this.#end(1006, 'the connection was cut'));
    this.#take(head);
  }

  sendJson(value) {
    this.#send(TEXT, Buffer.from(JSON.stringify(value)));
  }

  /** The next text that comes, parsed. @throws Failure when the socket ends or nothing comes in time */
  async nextJson(withinMs = TIMEOUT_MS) {
    await this.#until(() => this.#texts.length > 0 || this.#closed !== undefined, withinMs);
    const text = this.#texts.shift();
    if (text !== undefined) return JSON.parse(text);
    throw new Failure('a frame', this.#closed === undefined ? 'none' : describeEnd(this.#closed));
  }

  /** How it ends, within `withinMs`. @throws Failure when it stays open */
  async ended(withinMs = TIMEOUT_MS) {
    await this.#until(() => this.#closed !== undefined, withinMs);
    if (this.#closed === undefined) throw new Failure('an end of the socket', `none within ${withinMs} ms`);
    return this.#closed;
  }

  /** Ends it well, and waits until it has ended: a gateway counts its sockets. */
  async close() {
    if (this.#closed === undefined) this.#send(CLOSE, Buffer.from([0x03, 0xe8]));
    await this.ended();
    this.#socket.destroy();
  }

  #end(code, reason) {
    this.#closed ??= { code, reason };
    this.#wake();
  }

  #until(holds, withinMs) {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#wake = () => {
        if (!holds()) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** RFC 6455, section 5.2; a client's frames are masked. */
  #send(opcode, payload) {
    if (this.#socket.destroyed) return;
    const mask = randomBytes(4);
    const length = payload.length < 126 ? Buffer.from([0x80 | payload.length]) : Buffer.alloc(3, 0x80 | 126);
    if (length.length === 3) length.writeUInt16BE(payload.length, 1);
    const masked = payload.map((byte, i) => byte ^ mask[i % 4]);
    this.#socket.write(Buffer.concat([Buffer.from([0x80 | opcode]), length, mask, masked]));
  }

  #take(bytes) {
    let rest = bytes;
    for (let frame = readFrame(rest); frame !== undefined; frame = readFrame(rest)) {
      rest = rest.subarray(frame.end);
      this.#handle(frame);
    }
    this.#unread = rest;
  }

  #handle({ opcode, payload }) {
    if (opcode === TEXT) this.#texts.push(payload.toString('utf8'));
    if (opcode === PING) this.#send(PONG, payload);
    if (opcode === CLOSE) {
      this.#send(CLOSE, payload.subarray(0, 2));
      this.#socket.end();
      this.#end(payload.length < 2 ? 1005 : payload.readUInt16BE(0), payload.subarray(2).toString('utf8'));
    }
    this.#wake();
  }
}

/** A whole frame at the start of the bytes; undefined while there is none. Fragments are not joined: a smoke's frames are short. */
function readFrame(bytes) {
  if (bytes.length < 2) return undefined;
  const short = bytes[1] & 0x7f;
  const start = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < start) return undefined;
  const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  if (length > MAX_FRAME) throw new Failure(`frames of at most ${MAX_FRAME} bytes`, `${length} bytes`);
  const end = start + length;
  return bytes.length < end ? undefined : { opcode: bytes[0] & 0x0f, payload: bytes.subarray(start, end), end };
}

export function describeEnd({ code, reason }) {
  return `the socket ended with ${code}${reason === '' ? '' : ` (${reason})`}`;
}

function toAnswer(res, text) {
  const { rawHeaders, headers, statusCode } = res;
  const all = (name) =>
    rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1].toLowerCase() === name.toLowerCase());
  try {
    return { status: statusCode, headers, text, all, json: JSON.parse(text) };
  } catch {
    return { status: statusCode, headers, text, all };
  }
}
