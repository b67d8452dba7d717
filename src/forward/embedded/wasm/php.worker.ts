/**
 * The thread in which one WebAssembly PHP lives. Node runs this file as it stands (type stripping), also from the
 * sources under Jest: so erasable syntax only, and nothing imported from beside it but types.
 */
import { createNodeFsMountHandler, getPHPLoaderModule, loadNodeRuntime } from '@php-wasm/node';
import { PHP } from '@php-wasm/universal';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';
import type { PhpCall, WorkerMessage, WorkerPlan } from './wasm-messages.js';

/** The part of Emscripten's module object that is used here. */
interface Runtime {
  outboundNetworkProxyServer: Server;
  websocket: { url: (socket: unknown, host: string, port: number) => string };
}

const phpVersion = '8.3';
const frontPath = '/internal/shared/front.php';
const plan = workerData as WorkerPlan;

function tell(message: WorkerMessage, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

async function compile(): Promise<WebAssembly.Module> {
  if (plan.compiled !== undefined) return plan.compiled;
  const loader = await getPHPLoaderModule(phpVersion);
  return WebAssembly.compile(await readFile(loader.dependencyFilename));
}

/** PHP's sockets pass a WebSocket-to-TCP relay on loopback; without a secret any web page could use it. */
function guardRelay(runtime: Runtime): void {
  const secret = randomUUID();
  const open = runtime.websocket.url;
  runtime.websocket.url = (socket, host, port) => `${open(socket, host, port)}&secret=${secret}`;
  runtime.outboundNetworkProxyServer.prependListener('upgrade', (request, socket) => {
    if (!request.url?.endsWith(`&secret=${secret}`)) socket.destroy();
  });
}

/** Sends what PHP writes at the moment it writes it; the library's own streams would wait until PHP pauses. */
function sendOutputAtOnce(runtime: object): () => void {
  let head = '';
  const sinks = {
    onHeaders: (bytes: Uint8Array) => {
      // One JSON text, perhaps in pieces. Latin-1 keeps the header bytes as they are.
      head += Buffer.from(bytes).toString('latin1');
      if (!head.trimEnd().endsWith('}')) return;
      const { status, headers } = JSON.parse(head) as { status: number; headers: string[] };
      tell({ kind: 'head', status, headers: headers.flatMap(splitHeader) });
      head = '';
    },
    onStdout: (chunk: ArrayBufferView) => {
      // A view into PHP's memory: copied before PHP writes over it.
      const bytes = Uint8Array.from(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      tell({ kind: 'body', bytes }, [bytes.buffer]);
    },
    onStderr: (bytes: Uint8Array) => tell({ kind: 'log', text: Buffer.from(bytes).toString('utf8') }),
  };
  for (const [name, sink] of Object.entries(sinks)) {
    Object.defineProperty(runtime, name, { configurable: true, get: () => sink, set: ignore });
  }
  return () => {
    head = '';
  };
}

/** The library sets its own receivers anew for each request; ours stay. */
function ignore(): void {}

function splitHeader(line: string): Array<readonly [string, string]> {
  const colon = line.indexOf(':');
  return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1).trim()]] : [];
}

async function start(): Promise<{ php: PHP; reset: () => void; compiled: WebAssembly.Module }> {
  const compiled = await compile();
  let runtime: Runtime | undefined;
  const id = await loadNodeRuntime(phpVersion, {
    emscriptenOptions: {
      processId: plan.processId,
      ENV: { ...plan.env },
      preRun: [(module: Runtime) => (runtime = module)],
      instantiateWasm: (imports, receive) => {
        void WebAssembly.instantiate(compiled, imports).then((instance) => receive(instance, compiled));
      },
    },
  });
  if (runtime === undefined) throw new Error('the PHP runtime did not start');
  guardRelay(runtime);
  const php = new PHP(id);
  php.writeFile('/internal/shared/php.ini', plan.phpIni);
  php.writeFile(frontPath, plan.frontScript);
  for (const { inside, outside } of plan.mounts) await php.mount(inside, createNodeFsMountHandler(outside));
  return { php, reset: sendOutputAtOnce(runtime), compiled };
}

async function runtimeVersion(php: PHP): Promise<string> {
  const path = '/internal/shared/version.php';
  php.writeFile(path, "<?php file_put_contents('/internal/shared/version', PHP_VERSION);");
  await (
    await php.runStream({ scriptPath: path })
  ).exitCode;
  return php.readFileAsText('/internal/shared/version');
}

const { php, reset, compiled } = await start();

async function answer(call: PhpCall): Promise<void> {
  reset();
  try {
    const run = await php.runStream({
      relativeUri: call.requestUri,
      scriptPath: frontPath,
      method: call.method,
      headers: { ...call.headers },
      $_SERVER: { ...call.server },
      ...(call.body === undefined ? {} : { body: call.body }),
    });
    await run.exitCode;
    tell({ kind: 'done' });
  } catch (error) {
    tell({ kind: 'crashed', reason: error instanceof Error ? error.message : String(error) });
  }
}

const version = await runtimeVersion(php);
parentPort?.on('message', (call: PhpCall) => void answer(call));
tell({ kind: 'ready', version, compiled });
