import { once } from 'node:events';
import { connect, createServer } from 'node:net';

const CONNECTIONS = 16;
const END_OF_HEAD = '\r\n\r\n';
const BODY = JSON.stringify({ success: true, data: { id: 1, title: 'A first call', text: 'x'.repeat(240) } });
const ANSWER = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}${END_OF_HEAD}${BODY}`;

/** An upstream of a few lines, which counts the connections that are opened to it. */
export async function startCountingUpstream() {
  const upstream = { connections: 0, requests: 0, origin: '', stop: () => undefined };
  const sockets = new Set();
  const server = createServer((socket) => {
    upstream.connections += 1;
    sockets.add(socket);
    let unread = '';
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.setEncoding('latin1').on('data', (text) => {
      const heads = (unread + text).split(END_OF_HEAD);
      unread = heads.pop();
      upstream.requests += heads.length;
      if (heads.length > 0) socket.write(ANSWER.repeat(heads.length));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  upstream.origin = `http://127.0.0.1:${server.address().port}`;
  upstream.stop = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return upstream;
}

/**
 * Sends exactly `count` requests over 16 connections that are kept, each connection one after the other.
 * @throws Error at the first answer that is not 200
 */
export async function sendExactly(count, { port, path, headers }) {
  const fields = Object.entries({ Host: `127.0.0.1:${port}`, ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const request = `GET ${path} HTTP/1.1\r\n${fields.join('')}\r\n`;
  let left = count;
  const serve = () =>
    new Promise((done, fail) => {
      const socket = connect(port, '127.0.0.1').setNoDelay().setEncoding('latin1');
      let unread = '';
      const next = () => {
        if (left === 0) return socket.end();
        left -= 1;
        return socket.write(request);
      };
      socket.on('connect', next).on('close', done).on('error', fail);
      socket.on('data', (text) => {
        unread += text;
        for (let answer = readAnswer(unread); answer !== undefined; answer = readAnswer(unread)) {
          unread = unread.slice(answer.length);
          if (answer.status >= 200) next();
          if (answer.status > 200) fail(new Error(`${path} answers ${answer.status}`));
        }
      });
    });
  await Promise.all(Array.from({ length: CONNECTIONS }, serve));
}

/** Status and length of the first answer, once it is whole; an interim one (1xx) has no body. */
function readAnswer(text) {
  const end = text.indexOf(END_OF_HEAD);
  if (end === -1) return undefined;
  const head = text.slice(0, end);
  const status = Number(head.slice(9, 12));
  const bodyLength = status < 200 ? 0 : Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1]);
  const length = end + END_OF_HEAD.length + bodyLength;
  return text.length < length ? undefined : { status, length };
}
