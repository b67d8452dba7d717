import type { Socket } from 'node:net';
import { httpAnswer } from './raw-upstream.js';

/** `/json` is read whole for its envelope (undici), `/stream` passes through (http-proxy-middleware). */
export const FAULT_TABLE = `
upstreams:
  php: { targets: ['\${REMOTE_PHP_BASE}'], connectTimeoutMs: 200, breaker: { threshold: 0.99 } }
policies:
  authorization: { public: {} }
defaults: { authorization: public, timeoutMs: 900, idleTimeoutMs: 450, maxAnswerBytes: 5000 }
routes:
  json: { match: { path: '/json/{*path}' }, upstream: php, policies: { envelope: splice } }
  stream: { match: { path: '/stream/{*path}' }, upstream: php, policies: { envelope: 'off' } }
`;
export const JSON_HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
export const GOOD = httpAnswer(200, { 'Content-Type': 'application/json' }, '{"ok":true}');

/** What an upstream says to a request. */
export type Say = (socket: Socket) => void;
/** What the client hears: an error envelope with this status, or a connection cut in the middle of the answer. */
export type Outcome = 502 | 504 | 'cut';

/** Does it a moment later, unless the connection is gone. */
export const later = (socket: Socket, act: () => void): void =>
  void setTimeout(() => (socket.destroyed ? undefined : act()), 20);
export const says =
  (text: string): Say =>
  (socket) =>
    socket.write(text, 'latin1');
export const saysThenCloses =
  (text: string): Say =>
  (socket) => {
    socket.write(text, 'latin1');
    later(socket, () => socket.end());
  };
export const saysThenResets =
  (text: string): Say =>
  (socket) => {
    socket.write(text, 'latin1');
    later(socket, () => socket.resetAndDestroy());
  };
/** Says a text again and again. */
export function repeats(text: string, everyMs: number, times = Infinity): Say {
  return (socket) => {
    let left = times;
    const timer = setInterval(() => {
      if (left-- > 0) socket.write(text);
      else clearInterval(timer);
    }, everyMs);
    socket.once('close', () => clearInterval(timer));
  };
}

/** Faults of an upstream, and what a client hears of each over either forwarder. */
export const FAULTS: readonly {
  readonly name: string;
  readonly say: Say;
  readonly json: Outcome;
  readonly stream: Outcome;
}[] = [
  { name: 'closes without an answer', say: (socket) => socket.end(), json: 502, stream: 502 },
  { name: 'resets without an answer', say: (socket) => socket.resetAndDestroy(), json: 502, stream: 502 },
  { name: 'closes within the head', say: saysThenCloses('HTTP/1.1 200 OK\r\nContent-Ty'), json: 502, stream: 502 },
  { name: 'resets within the head', say: saysThenResets('HTTP/1.1 200 OK\r\nContent-Ty'), json: 502, stream: 502 },
  {
    name: 'closes within a body of known length',
    say: saysThenCloses(`${JSON_HEAD}Content-Length: 100\r\n\r\n{"a":1}`),
    json: 502,
    stream: 'cut',
  },
  {
    name: 'resets within a body of known length',
    say: saysThenResets(`${JSON_HEAD}Content-Length: 100\r\n\r\n{"a":1}`),
    json: 502,
    stream: 'cut',
  },
  {
    name: 'closes within chunks',
    say: saysThenCloses(`${JSON_HEAD}Transfer-Encoding: chunked\r\n\r\n7\r\n{"a":1}\r\n`),
    json: 502,
    stream: 'cut',
  },
  {
    name: 'resets within chunks',
    say: saysThenResets(`${JSON_HEAD}Transfer-Encoding: chunked\r\n\r\n7\r\n{"a":1}\r\n`),
    json: 502,
    stream: 'cut',
  },
  {
    name: 'sends a chunk size that is no number',
    say: says(`${JSON_HEAD}Transfer-Encoding: chunked\r\n\r\n7\r\n{"a":1}\r\nzz\r\n`),
    json: 502,
    stream: 'cut',
  },
  { name: 'speaks another protocol and waits', say: says('SSH-2.0-OpenSSH_9.6\r\n'), json: 502, stream: 502 },
  { name: 'speaks another protocol and closes', say: saysThenCloses('hello\r\n\r\n'), json: 502, stream: 502 },
  {
    name: 'sends a status that is no number',
    say: says('HTTP/1.1 OK OK\r\nContent-Length: 0\r\n\r\n'),
    json: 502,
    stream: 502,
  },
  {
    name: 'sends a header line without a colon',
    say: says('HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 0\r\n\r\n'),
    json: 502,
    stream: 502,
  },
  {
    name: 'sends a NUL in a header',
    say: says('HTTP/1.1 200 OK\r\nX-A: a\0b\r\nContent-Length: 0\r\n\r\n'),
    json: 502,
    stream: 502,
  },
  {
    name: 'sends two lengths',
    say: says(`${JSON_HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`),
    json: 502,
    stream: 502,
  },
  {
    name: 'sends a head of 100 kB',
    say: says(`HTTP/1.1 200 OK\r\nX-Big: ${'a'.repeat(100_000)}\r\nContent-Length: 0\r\n\r\n`),
    json: 502,
    stream: 502,
  },
  {
    name: 'switches protocols unasked',
    say: says('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
    json: 502,
    stream: 502,
  },
  { name: 'never answers', say: () => undefined, json: 504, stream: 504 },
  {
    name: 'says "103 Early Hints" for ever',
    say: repeats('HTTP/1.1 103 Early Hints\r\n\r\n', 20),
    json: 504,
    stream: 504,
  },
  { name: 'falls silent within the head', say: says('HTTP/1.1 200 OK\r\nContent-'), json: 504, stream: 504 },
  {
    name: 'falls silent within the body',
    say: says(`${JSON_HEAD}Content-Length: 100\r\n\r\n{"a":1}`),
    json: 504,
    stream: 'cut',
  },
];
