import { makeFastify } from './fastify-app.mjs';
import { settings } from './settings.mjs';

const { app, verify } = await makeFastify();
const answer = { '2xx': { type: 'object', additionalProperties: true } };
app.get('/native', { preHandler: verify, schema: { response: answer } }, (request) => ({
  success: true,
  traceId: request.id,
  status: 'live',
}));
await app.listen({ port: settings.port, host: settings.host });
