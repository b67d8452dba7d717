// Fastify with the plugins its own documentation names for each policy, as a good engineer would put them together.
import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import jwt from '@fastify/jwt';
import rateLimit from '@fastify/rate-limit';
import Fastify from 'fastify';
import { randomUUID } from 'node:crypto';
import { settings } from './settings.mjs';

/** An application with every policy but the envelope; `verify` is the hook that demands a token. */
export async function makeFastify() {
  const app = Fastify({ logger: false, genReqId: () => randomUUID(), bodyLimit: 64 * 1024 * 1024 });
  await app.register(helmet);
  await app.register(cors, { origin: [settings.allowedOrigin], credentials: true });
  await app.register(rateLimit, { max: settings.limit, timeWindow: '1 minute' });
  await app.register(jwt, { secret: settings.secret, verify: settings.isLean ? { cache: true } : {} });
  const verify = async (request) => {
    await request.jwtVerify();
  };
  return { app, verify };
}
