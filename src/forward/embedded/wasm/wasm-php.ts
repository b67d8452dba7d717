import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { type EmbeddedPhp, type EmbeddedPhpOptions, defaultWasmLimits } from '../embedded-php.js';
import { PhpPool } from './php-pool.js';
import { WasmExchange } from './wasm-exchange.js';
import { WasmThreads } from './wasm-threads.js';

/**
 * Serves the application with PHP compiled to WebAssembly, in worker threads behind an HTTP server on loopback.
 * Resolves once the first thread is warm; the others follow. @throws Error when the optional packages are not installed.
 */
export async function startWasmPhp(options: EmbeddedPhpOptions): Promise<EmbeddedPhp> {
  const limits = { ...defaultWasmLimits, ...options.limits };
  const marker = `x-embedded-file-${randomUUID()}`;
  const threads = new WasmThreads(options, marker);
  const first = await threads.start();
  const size = Math.max(1, options.workers ?? 3);
  const pool = new PhpPool({
    maxWaiting: limits.maxWaiting,
    requestsPerThread: limits.requestsPerRuntime,
    startThread: () => threads.start(),
    log: options.log,
  });
  pool.add(first);
  for (let more = 1; more < size; more += 1) pool.grow();

  const exchange = new WasmExchange({
    pool,
    limits,
    marker,
    root: options.root,
    publicFolder: join(options.root, 'public'),
  });
  const server = createServer(
    { keepAliveTimeout: 65_000 },
    (request, response) => void exchange.serve(request, response),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    kind: 'wasm',
    version: first.version,
    origin: `http://127.0.0.1:${portOf(server)}`,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await pool.stop();
      threads.end();
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
