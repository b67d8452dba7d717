// The two ends of the realtime comparison, in a process of their own: a provider that speaks as fast as it is read, and clients that count
// bytes. Asked by messages of its parent: {url, tokens, seconds, speaksGateway} → {frames, bytes}.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request } from 'node:http';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** 100 ms of 24 kHz PCM, as the provider sends it. */
const AUDIO = Buffer.alloc(4800, 7).toString('base64');
const DELTA = frameOf(
  JSON.stringify({
    type: 'response.output_audio.delta',
    event_id: 'event_0123456789',
    response_id: 'resp_0123456789',
    item_id: 'item_0123456789',
    output_index: 0,
    content_index: 0,
    delta: AUDIO,
  }),
);
const WARM_UP_MS = 1000;
const OPEN_WITHIN_MS = 10_000;

const providers = new Set();
const server = createServer((_req, res) => res.writeHead(404).end()).on('upgrade', (req, socket) => {
  const accept = createHash('sha1')
    .update(req.headers['sec-websocket-key'] + GUID)
    .digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  socket.on('error', () => undefined).on('close', () => providers.delete(socket));
  socket.resume();
  providers.add(socket);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.on('message', (asked) => {
  measure(asked).then(
    (result) => process.send(result),
    (error) => process.send({ fault: error.message }),
  );
});
process.on('disconnect', () => process.exit(0));
process.send({ port: server.address().port });

async function measure({ url, tokens, seconds, speaksGateway }) {
  const clients = await Promise.all(tokens.map((token) => openClient(url, token, speaksGateway)));
  for (const until = Date.now() + 10_000; providers.size < clients.length; await new Promise(setImmediate))
    if (Date.now() > until) throw new Error('the provider was not reached');
  let bytes = 0;
  for (const client of clients) client.on('data', (part) => (bytes += part.length));
  for (const provider of providers) speak(provider);
  await pause(WARM_UP_MS);
  process.send({ begins: true });
  const before = bytes;
  await pause(seconds * 1000);
  const moved = bytes - before;
  process.send({ ends: true });
  for (const socket of [...clients, ...providers]) socket.destroy();
  return { frames: moved / DELTA.length, bytes: moved };
}

function speak(socket) {
  if (socket.destroyed) return;
  while (socket.write(DELTA));
  socket.once('drain', () => speak(socket));
}

function openClient(url, token, speaksGateway) {
  return new Promise((done, fail) => {
    const headers = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'MDEyMzQ1Njc4OWFiY2RlZg==',
    };
    const asked = request(url, { headers, agent: false });
    asked.on('error', fail).on('response', (res) => fail(new Error(`${url} answers ${res.statusCode}`)));
    asked.on('upgrade', (_res, socket) => {
      socket.on('error', () => undefined);
      let said = '';
      const timer = setTimeout(() => fail(new Error(`stuck after ${said}`)), OPEN_WITHIN_MS);
      if (!speaksGateway) {
        clearTimeout(timer);
        return done(socket);
      }
      const listen = (part) => {
        said += part.toString('latin1');
        if (said.includes('auth_success') && !said.includes('asked')) {
          said += 'asked';
          socket.write(frameOf(JSON.stringify({ type: 'connect_realtime' }), true));
        }
        if (!said.includes('realtime_connected')) return;
        clearTimeout(timer);
        socket.off('data', listen);
        done(socket);
      };
      socket.on('data', listen).on('close', () => fail(new Error(`closed after ${said}`)));
      socket.write(frameOf(JSON.stringify({ type: 'authenticate', token }), true));
      return undefined;
    });
    asked.end();
  });
}

/** A text frame (RFC 6455, section 5.2); a client's is masked, here with zeros. */
function frameOf(text, isMasked = false) {
  const payload = Buffer.from(text);
  const length = payload.length < 126 ? [payload.length] : [126, payload.length >> 8, payload.length & 255];
  if (isMasked) length[0] |= 128;
  return Buffer.concat([Buffer.from([0x81, ...length, ...(isMasked ? [0, 0, 0, 0] : [])]), payload]);
}

function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}
