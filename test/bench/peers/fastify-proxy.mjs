import httpProxy from '@fastify/http-proxy';
import { makeFastify } from './fastify-app.mjs';
import { settings } from './settings.mjs';

const { app, verify } = await makeFastify();
await app.register(httpProxy, {
  upstream: settings.upstream,
  httpMethods: ['GET', 'POST'],
  preHandler: verify,
  undici: { connections: 256, pipelining: 1 },
  replyOptions: settings.isLean ? {} : { onResponse: envelope },
});
await app.listen({ port: settings.port, host: settings.host });

/** The trace id into the answer: parsed and printed again, which is what one writes. */
function envelope(request, reply, answer) {
  if (!String(answer.headers['content-type']).startsWith('application/json')) return reply.send(answer.stream);
  const parts = [];
  answer.stream.on('data', (part) => parts.push(part));
  answer.stream.on('error', (error) => reply.send(error));
  answer.stream.on('end', () => {
    const body = JSON.stringify({ ...JSON.parse(Buffer.concat(parts).toString()), traceId: request.id });
    reply.header('content-length', Buffer.byteLength(body)).send(body);
  });
  return undefined;
}
