import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What PHP has under its field names: a text, or null for an array. */
export type PhpFields = ReadonlyMap<string, string | null>;

/** Runs PHP by its built-in settings (`-n`), not by those of this machine. */
const SETTINGS = ['-n', '-d', 'display_errors=0', '-d', 'log_errors=0'];
/** Pairs of key and value, each in base64, so that bytes that are no UTF-8 come through. */
const TO_PAIRS = `
function pairs(array $fields): array {
  $pairs = [];
  foreach ($fields as $name => $value) $pairs[] = [base64_encode((string) $name), is_string($value) ? base64_encode($value) : null];
  return $pairs;
}`;
const PARSE_STR = `${TO_PAIRS}
foreach (json_decode(stream_get_contents(STDIN)) as $query) {
  parse_str(base64_decode($query), $fields);
  echo json_encode(pairs($fields)), "\\n";
}`;
const ECHO_POST = `<?php ${TO_PAIRS}
echo json_encode(pairs($_POST));`;

function toFields(json: string): PhpFields {
  const pairs = JSON.parse(json) as [string, string | null][];
  const text = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8');
  return new Map(pairs.map(([name, value]) => [text(name), value === null ? null : text(value)]));
}

/** What PHP's `parse_str` makes of each query (a string of bytes, latin1), in one process. */
export function parseStr(php: string, queries: readonly string[]): PhpFields[] {
  const input = JSON.stringify(queries.map((query) => Buffer.from(query, 'latin1').toString('base64')));
  const { status, stdout, stderr } = spawnSync(php, [...SETTINGS, '-r', PARSE_STR], {
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`php ended with ${status}: ${stderr}`);
  return stdout.trimEnd().split('\n').map(toFields);
}

export interface PostEcho {
  /** What PHP has in `$_POST`. */
  post(contentType: string, body: Buffer): Promise<PhpFields>;
  stop(): Promise<void>;
}

/** Starts `php -S` on a script that tells its `$_POST`, in a temporary folder that goes with `stop()`. */
export async function startPostEcho(php: string): Promise<PostEcho> {
  const folder = mkdtempSync(join(tmpdir(), 'donna-php-fields-'));
  writeFileSync(join(folder, 'index.php'), ECHO_POST);
  const port = await findPort();
  const server = spawn(php, [...SETTINGS, '-S', `127.0.0.1:${port}`, '-t', folder], { stdio: 'ignore' });
  const stop = async (): Promise<void> => {
    if (server.exitCode === null && server.signalCode === null) {
      const ended = once(server, 'exit');
      server.kill('SIGKILL');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  for (let tries = 0; !(await isOpen(port)); tries += 1) {
    if (tries < 200 && server.exitCode === null) await sleep(25);
    else {
      await stop();
      throw new Error('php -S did not start');
    }
  }
  return { post: (contentType, body) => post(port, contentType, body), stop };
}

async function post(port: number, contentType: string, body: Buffer): Promise<PhpFields> {
  const headers = { 'Content-Type': contentType, 'Content-Length': body.length };
  const req = request({ host: '127.0.0.1', port, method: 'POST', path: '/', headers, agent: false });
  const answered = once(req, 'response');
  req.end(body);
  const [res] = (await answered) as [AsyncIterable<Buffer>];
  const chunks: Buffer[] = [];
  for await (const chunk of res) chunks.push(chunk);
  return toFields(Buffer.concat(chunks).toString('utf8'));
}

function isOpen(port: number): Promise<boolean> {
  const probe = connect(port, '127.0.0.1');
  return new Promise((done) => {
    probe.once('connect', () => done(true)).once('error', () => done(false));
  }).then((open) => {
    probe.destroy();
    return open === true;
  });
}

async function findPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
