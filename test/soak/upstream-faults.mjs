import { setTimeout as sleep } from 'node:timers/promises';
import { bodyOf } from './bodies.mjs';

const SLOW_MS = 150;
const ANNOUNCED = 100_000;
const COME = 40_000;

/** How the upstream breaks, and which statuses the gateway may make of it; `cut`: an answer that ends before its end. */
export const FAULTS = {
  'reset-before': { statuses: [502] },
  'reset-head': { statuses: [502], cut: true },
  'reset-body': { statuses: [502], cut: true },
  'too-short': { statuses: [502], cut: true },
  // Bytes beyond the announced length are not the answer's.
  'too-long': { statuses: [200, 502] },
  never: { statuses: [504] },
  slow: { statuses: [200] },
  error: { statuses: [500] },
  'empty-error': { statuses: [500, 502] },
  garbage: { statuses: [502] },
  'close-after': { statuses: [200] },
};

/** Breaks in the way of `kind`. @returns whether that was the answer */
export async function breakOff(kind, res, nonce) {
  const { socket } = res;
  const head = (status, type, length) =>
    `HTTP/1.1 ${status} X\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n`;
  switch (kind) {
    case 'reset-before':
      socket.resetAndDestroy();
      return true;
    case 'reset-head':
      socket.write(head(200, 'application/octet-stream', ANNOUNCED), () => socket.resetAndDestroy());
      return true;
    case 'reset-body':
      socket.write(head(200, 'application/octet-stream', ANNOUNCED));
      socket.write(bodyOf(nonce, COME), () => setTimeout(() => socket.resetAndDestroy(), 5));
      return true;
    case 'too-short':
      socket.write(head(200, 'application/octet-stream', ANNOUNCED));
      socket.end(bodyOf(nonce, COME));
      return true;
    case 'too-long':
      socket.end(`${head(200, 'application/json', 16)}{"success":true} and more than was announced`);
      return true;
    case 'never':
      return true;
    case 'slow':
      await sleep(SLOW_MS);
      return false;
    case 'error':
      res.writeHead(500, { 'Content-Type': 'application/json' }).end(JSON.stringify({ success: false, nonce }));
      return true;
    case 'empty-error':
      res.writeHead(500).end();
      return true;
    case 'garbage':
      socket.end('\0\0 this is no HTTP\r\n\r\n');
      return true;
    case 'close-after':
      // Without a word of it in the head: the next request may be on its way already.
      res.once('finish', () => setImmediate(() => socket.destroySoon()));
      return false;
    default:
      return false;
  }
}
