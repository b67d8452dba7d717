// The least that Node can do: pipe the request on, pipe the answer back, over connections that are kept. No policy at all.
import { Agent, createServer, request } from 'node:http';
import { settings } from './settings.mjs';

const agent = new Agent({ keepAlive: true, maxSockets: 256 });
const { hostname: host, port } = new URL(settings.upstream);

createServer((req, res) => {
  const call = request({ host, port, path: req.url, method: req.method, headers: req.headers, agent }, (answer) => {
    res.writeHead(answer.statusCode, answer.headers);
    answer.pipe(res);
  });
  call.on('error', () => res.destroy());
  req.pipe(call);
}).listen(settings.port, settings.host);
