// Makes a fresh clone ready to run: installs when package-lock.json is newer than what is installed, builds when the
// sources are not those that dist was built from, and does nothing (in well under 200 ms) otherwise.
//   node scripts/bootstrap.mjs [--no-build]
// Uses only Node's own modules and must run on Node 20: it is there before anything is installed.
import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => join(root, ...parts);
const NEEDED_NODE = 24;
const LOCK = at('.data', 'bootstrap.lock');
const STAMP = at('dist', '.built-from');
const PINNED_NODE = at('node_modules', '.bin', 'node');
/** A lock whose holder has not touched it for so long has no holder. */
const LOCK_STALE_MS = 30_000;
const HEARTBEAT_MS = 2_000;

const mayBuild = !process.argv.includes('--no-build');

class Refusal extends Error {}

try {
  if (isInstallDue() || (mayBuild && isBuildDue())) await underLock(prepare);
  refuseOldNode();
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

async function prepare() {
  // Asked again: another bootstrap may have done it while this one waited for the lock.
  if (isInstallDue()) await install();
  refuseOldNode();
  if (mayBuild && isBuildDue()) await build();
}

// --- install ----------------------------------------------------------------------------------------------------------

function isInstallDue() {
  const installed = modifiedMs(at('node_modules', '.package-lock.json'));
  const locked = modifiedMs(at('package-lock.json'));
  return installed === undefined || (locked !== undefined && locked > installed);
}

async function install() {
  const why = existsSync(at('node_modules')) ? 'package-lock.json is newer than node_modules' : 'first start';
  process.stderr.write(`Installing dependencies (${why}) …\n`);
  // npm install, not npm ci, which refuses a lock whose other-platform packages are absent. Development dependencies
  // also under NODE_ENV=production: the build needs them. loglevel=error hides EBADENGINE, which is about the Node that
  // starts npm and not about the pinned one that runs the gateway; real errors are shown.
  const options = [
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--include=dev',
    '--include=optional',
    '--loglevel=error',
    '--no-progress',
  ];
  const hadPinnedNode = existsSync(PINNED_NODE);
  const isOldNode = Number(process.versions.node.split('.')[0]) < NEEDED_NODE;
  let failure = await runNpm(['install', ...options], { quiet: true });
  // An old npm's Node leaves out the optional packages that ask for a newer one (the WebAssembly PHP): the pinned Node, which
  // is there only now, adds them.
  if (failure === undefined && isOldNode && !hadPinnedNode && existsSync(PINNED_NODE)) {
    failure = await runNpm(['install', ...options], { quiet: true });
  }
  if (failure !== undefined) throw new Refusal(`Installing failed: npm install ${failure}.`);
  // npm leaves its own lock untouched when there was nothing to do; without this it would stay "older" for ever.
  const now = new Date();
  utimesSync(at('node_modules', '.package-lock.json'), now, now);
}

// --- runtime ----------------------------------------------------------------------------------------------------------

function refuseOldNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (existsSync(PINNED_NODE) || major >= NEEDED_NODE) return;
  throw new Refusal(
    `Donna Gateway needs Node ${NEEDED_NODE} or newer on this machine (${process.platform} ${process.arch}), and this is ` +
      `${process.versions.node}: install it from https://nodejs.org or with your version manager, then start again.`,
  );
}

// --- build ------------------------------------------------------------------------------------------------------------

function isBuildDue() {
  // An image may ship dist without sources.
  if (!existsSync(at('src'))) return false;
  return !existsSync(at('dist', 'main.js')) || readText(STAMP) !== fingerprint();
}

async function build() {
  process.stderr.write('Building …\n');
  const before = fingerprint();
  // The incremental compiler would believe that files of a removed dist are still there.
  for (const name of readdirSync(root)) if (name.endsWith('.tsbuildinfo')) rmSync(at(name), { force: true });
  const failure = await runNpm(['run', '--silent', 'build'], { quiet: false });
  if (failure !== undefined) throw new Refusal(`Building failed: npm run build ${failure}.`);
  writeFileSync(STAMP, before);
}

/** A digest of all that decides what is in dist. Content and not time: a checkout or a copied image changes times. */
function fingerprint() {
  const hash = createHash('sha256');
  const files = readdirSync(root).filter((name) => /^(tsconfig.*|nest-cli)\.json$/.test(name));
  const bundlers = ['build-client.mjs', 'build-server.mjs'].map((name) => join('scripts', name));
  // The lock: what is installed is bundled with the sources.
  files.push(...[...bundlers, 'package-lock.json'].filter((name) => existsSync(at(name))));
  for (const file of readdirSync(at('src'), { recursive: true, withFileTypes: true })) {
    if (file.isFile() && !file.name.endsWith('.spec.ts')) files.push(join(file.parentPath ?? file.path, file.name));
  }
  for (const file of files.map((name) => (existsSync(at(name)) ? at(name) : name)).sort()) {
    hash
      .update(`${file.slice(root.length)}\0`)
      .update(readFileSync(file))
      .update('\0');
  }
  hash.update(JSON.parse(readFileSync(at('package.json'), 'utf8')).scripts?.build ?? '');
  return hash.digest('hex');
}

// --- one at a time ----------------------------------------------------------------------------------------------------

async function underLock(work) {
  const holder = `${hostname()} ${process.pid} ${randomUUID()}`;
  mkdirSync(dirname(LOCK), { recursive: true, mode: 0o700 });
  let told = false;
  while (!tryLock(holder)) {
    if (!told) process.stderr.write('Waiting for another bootstrap of this project …\n');
    told = true;
    dropStaleLock();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    if (readText(LOCK) === holder) utimesSync(LOCK, now, now);
  }, HEARTBEAT_MS);
  const release = () => {
    if (readText(LOCK) === holder) rmSync(LOCK, { force: true });
  };
  process.once('exit', release);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
  try {
    await work();
  } finally {
    clearInterval(heartbeat);
    release();
  }
}

function tryLock(holder) {
  try {
    writeFileSync(LOCK, holder, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function dropStaleLock() {
  const holder = readText(LOCK);
  const touched = modifiedMs(LOCK);
  if (holder === undefined || touched === undefined) return;
  const [host, pid] = holder.split(' ');
  const isGone = host === hostname() && pid !== undefined && !isAlive(Number(pid));
  if (!isGone && Date.now() - touched < LOCK_STALE_MS) return;
  // Renamed first, so that of two that find it stale only one removes it, and never a lock made meanwhile.
  const aside = `${LOCK}.${randomUUID()}`;
  try {
    if (readText(LOCK) !== holder) return;
    renameSync(LOCK, aside);
    if (readText(aside) !== holder && !existsSync(LOCK)) renameSync(aside, LOCK);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

// --- small things -----------------------------------------------------------------------------------------------------

/** Runs npm; resolves to how it failed, or to undefined. With `quiet`, what it prints is shown only when it fails. */
function runNpm(args, { quiet }) {
  const npm = process.env.npm_execpath;
  const isScript = npm !== undefined && /\.[cm]?js$/.test(npm) && existsSync(npm);
  const [command, ...rest] = isScript
    ? [existsSync(PINNED_NODE) ? PINNED_NODE : process.execPath, npm, ...args]
    : [process.platform === 'win32' ? 'npm.cmd' : 'npm', ...args];
  // What `npm start --flag` put into npm's own configuration is not for this npm.
  const env = { ...process.env, PATH: `${at('node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}` };
  for (const name of Object.keys(env))
    if (/^npm_config_(omit|include|production|global|ignore_scripts|dry_run)$/i.test(name)) delete env[name];
  return new Promise((resolve) => {
    const child = spawn(command, rest, {
      cwd: root,
      env,
      shell: !isScript && process.platform === 'win32',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => (quiet ? said.push(chunk) : process.stderr.write(chunk)));
    }
    const stop = () => child.kill('SIGTERM');
    process.once('exit', stop);
    child.once('error', (error) => resolve(`could not be started (${error.message})`));
    child.once('close', (code, signal) => {
      process.off('exit', stop);
      if (code !== 0) process.stderr.write(Buffer.concat(said));
      resolve(code === 0 ? undefined : `ended with ${signal ?? code}`);
    });
  });
}

function modifiedMs(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}

function readText(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
