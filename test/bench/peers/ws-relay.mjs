// The least that `ws` can do between a client and a provider: a socket to either side, each message handed on.
import { WebSocket, WebSocketServer } from 'ws';
import { settings } from './settings.mjs';

const server = new WebSocketServer({ port: settings.port, host: settings.host, perMessageDeflate: false });
server.on('connection', (client) => {
  const provider = new WebSocket(settings.upstream.replace('http', 'ws'), { perMessageDeflate: false });
  const waiting = [];
  client.on('message', (data, isBinary) => {
    if (provider.readyState === WebSocket.OPEN) provider.send(data, { binary: isBinary });
    else waiting.push(data.toString());
  });
  provider.on('open', () => {
    for (const text of waiting.splice(0)) provider.send(text);
  });
  provider.on('message', (data, isBinary) => {
    // Without this a client that reads slowly fills the memory.
    if (client.bufferedAmount > 1_048_576) provider.pause();
    client.send(data, { binary: isBinary }, () => provider.isPaused && provider.resume());
  });
  for (const [one, other] of [
    [client, provider],
    [provider, client],
  ]) {
    one.on('close', () => other.terminate());
    one.on('error', () => other.terminate());
  }
});
