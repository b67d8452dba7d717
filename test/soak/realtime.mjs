import { once } from 'node:events';
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

/** What stands for the provider of /realtime: says each piece of audio back. */
export async function startRealtime() {
  const server = createServer((_req, res) => res.writeHead(404).end());
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on('connection', (socket) => {
    socket.on('error', () => undefined);
    socket.on('message', (data) => {
      const event = JSON.parse(data.toString());
      if (event.type === 'input_audio_buffer.append')
        socket.send(JSON.stringify({ type: 'response.output_audio.delta', delta: event.audio }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    baseUrl: `http://127.0.0.1:${server.address().port}/v1`,
    sessions: () => sockets.clients.size,
    stop() {
      for (const client of sockets.clients) client.terminate();
      server.close();
    },
  };
}
