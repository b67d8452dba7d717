// Faults on purpose, loaded into the gateway's process by `npm run soak -- --plant …`: what the soak must find.
import { ServerResponse } from 'node:http';
import { connect } from 'node:net';

const plant = process.env.SOAK_PLANT;
const LEAKED_BYTES = 1000;
const CROSSED_ONCE_IN = 10_000;
const SOCKET_ONCE_IN = 1000;

const kept = [];
let count = 0;
let last;
const { end } = ServerResponse.prototype;

ServerResponse.prototype.end = function (body, ...rest) {
  count += 1;
  let sent = body;
  if (plant === 'leak') kept.push(Array.from({ length: LEAKED_BYTES / 8 }, (_, i) => count + i + 0.5));
  else if (plant === 'socket' && count % SOCKET_ONCE_IN === 0)
    kept.push(connect(Number(process.env.SOAK_PORT), '127.0.0.1'));
  else if (plant === 'cross' && Buffer.isBuffer(body)) {
    if (count >= CROSSED_ONCE_IN && last?.length === body.length) {
      sent = last;
      count = 0;
    }
    last = body;
  }
  return end.call(this, sent, ...rest);
};
