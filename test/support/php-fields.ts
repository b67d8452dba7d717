import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from './free-port.mjs';

/** What PHP has under its field names: a text, or null for an array. */
export type PhpFields = ReadonlyMap<string, string | null>;

/** PHP's arrays and texts: a list, or pairs in any order; texts are bytes as latin1. */
export type PhpTree = string | readonly PhpTree[] | { readonly [name: string]: PhpTree };

/** A file of `$_FILES`, of those with one name to themselves. */
export interface PhpFile {
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly error: number;
}

/** Runs PHP by its built-in settings (`-n`), not by those of this machine. */
const SETTINGS = ['-n', '-d', 'display_errors=0', '-d', 'log_errors=0'];
/** Pairs of key and value, each in base64, so that bytes that are no UTF-8 come through. */
const TO_PAIRS = `
function pairs(array $fields): array {
  $pairs = [];
  foreach ($fields as $name => $value) $pairs[] = [base64_encode((string) $name), is_string($value) ? base64_encode($value) : null];
  return $pairs;
}`;
/** Whole trees: `l` lists, `m` pairs, texts in base64. What is outermost is never a list. */
const TO_TREE = `
function tree(mixed $value, bool $isRoot = false): mixed {
  if (!is_array($value)) return is_string($value) ? base64_encode($value) : $value;
  if (!$isRoot && array_is_list($value)) return ['l' => array_map(tree(...), $value)];
  $pairs = [];
  foreach ($value as $name => $member) $pairs[] = [base64_encode((string) $name), tree($member)];
  return ['m' => $pairs];
}`;
const PARSE_STR_TREE = `${TO_TREE}
foreach (json_decode(stream_get_contents(STDIN)) as $query) {
  parse_str(base64_decode($query), $fields);
  echo json_encode(tree($fields, true)), "\\n";
}`;
const DECODE_JSON = `
foreach (json_decode(stream_get_contents(STDIN)) as $text) {
  $value = json_decode(base64_decode($text), false, 65);
  echo json_last_error() === 0 ? 'ok ' . json_encode($value, JSON_UNESCAPED_SLASHES | JSON_PRESERVE_ZERO_FRACTION) : 'fault', "\\n";
}`;
const PARSE_STR = `${TO_PAIRS}
foreach (json_decode(stream_get_contents(STDIN)) as $query) {
  parse_str(base64_decode($query), $fields);
  echo json_encode(pairs($fields)), "\\n";
}`;
const ECHO_POST = `<?php ${TO_PAIRS} ${TO_TREE}
if ($_SERVER['REQUEST_URI'] !== '/tree') exit(json_encode(pairs($_POST)));
$files = [];
foreach ($_FILES as $name => $file) {
  $files[] = [base64_encode((string) $name), is_array($file['name']) ? null : [base64_encode($file['name']), base64_encode($file['type']), $file['size'], $file['error']]];
}
echo json_encode(['post' => tree($_POST, true), 'files' => $files]);`;

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

type Coded = string | { readonly l: readonly Coded[] } | { readonly m: readonly (readonly [string, Coded])[] };

const bytesOf = (base64: string): string => Buffer.from(base64, 'base64').toString('latin1');

function decodeTree(coded: Coded): PhpTree {
  if (typeof coded === 'string') return bytesOf(coded);
  if ('l' in coded) return coded.l.map(decodeTree);
  return Object.fromEntries(coded.m.map(([name, member]) => [bytesOf(name), decodeTree(member)]));
}

function runPhp(php: string, script: string, texts: readonly string[]): string[] {
  const input = JSON.stringify(texts.map((text) => Buffer.from(text, 'latin1').toString('base64')));
  const { status, stdout, stderr } = spawnSync(php, [...SETTINGS, '-r', script], {
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`php ended with ${status}: ${stderr}`);
  return stdout.trimEnd().split('\n');
}

/** The whole trees that PHP's `parse_str` makes of each query (a string of bytes, latin1), in one process. */
export function parseStrTrees(php: string, queries: readonly string[]): PhpTree[] {
  return runPhp(php, PARSE_STR_TREE, queries).map((line) => decodeTree(JSON.parse(line) as Coded));
}

/** What PHP's `json_decode` makes of each text (bytes, latin1), as JSON of its own; undefined where it takes none. */
export function decodeJson(php: string, texts: readonly string[]): (string | undefined)[] {
  return runPhp(php, DECODE_JSON, texts).map((line) => (line.startsWith('ok ') ? line.slice(3) : undefined));
}

export interface PostEcho {
  /** What PHP has in `$_POST` and `$_FILES`, whole; a file is null where PHP has several under its name. */
  tree(
    contentType: string,
    body: Buffer,
  ): Promise<{ readonly post: PhpTree; readonly files: ReadonlyMap<string, PhpFile | null> }>;
  /** What PHP has in `$_POST`. */
  post(contentType: string, body: Buffer): Promise<PhpFields>;
  stop(): Promise<void>;
}

/** Starts `php -S` on a script that tells its `$_POST`, in a temporary folder that goes with `stop()`. */
export async function startPostEcho(php: string): Promise<PostEcho> {
  const folder = mkdtempSync(join(tmpdir(), 'donna-php-fields-'));
  writeFileSync(join(folder, 'index.php'), ECHO_POST);
  const port = await findFreePort();
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
  return {
    post: async (contentType, body) => toFields(await post(port, '/', contentType, body)),
    tree: async (contentType, body) => {
      const echoed = JSON.parse(await post(port, '/tree', contentType, body)) as {
        readonly post: Coded;
        readonly files: readonly (readonly [string, readonly [string, string, number, number] | null])[];
      };
      const files = echoed.files.map(([name, file]): [string, PhpFile | null] => [
        bytesOf(name),
        file && { name: bytesOf(file[0]), type: bytesOf(file[1]), size: file[2], error: file[3] },
      ]);
      return { post: decodeTree(echoed.post), files: new Map(files) };
    },
    stop,
  };
}

async function post(port: number, path: string, contentType: string, body: Buffer): Promise<string> {
  const headers = { 'Content-Type': contentType, 'Content-Length': body.length };
  const req = request({ host: '127.0.0.1', port, method: 'POST', path, headers, agent: false });
  const answered = once(req, 'response');
  req.end(body);
  const [res] = (await answered) as [AsyncIterable<Buffer>];
  const chunks: Buffer[] = [];
  for await (const chunk of res) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
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
