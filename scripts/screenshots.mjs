// Takes the pictures of the dashboard for docs/images:
//   npm run build && npm run screenshots [-- --out <folder>] [--seconds <n>]
// A gateway is started from dist in a temporary folder, with legacy-php (of which one line is changed, so that a comparison finds
// something) and the stand-ins of the providers; it gets real traffic of every kind for a while, and Chromium looks at each page.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { findFreePort } from '../test/support/free-port.mjs';
import { makeTraffic } from './screenshots/make-traffic.mjs';
import { PICTURES, takePictures } from './screenshots/take-pictures.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const START_WITHIN_MS = 60_000;
const MAX_BYTES = 200_000;
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** A conversation that PHP presents otherwise than its native twin does. */
const CHANGED = {
  file: 'lib/Conversations/Presenter.php',
  from: "'status' => $conversation['status'],",
  to: "'status' => $conversation['title'] === 'Invoice 2041' ? 'Active' : $conversation['status'],",
};

/** Nobody listens there: mail waits, and says why. */
const MAIL = {
  SMTP_HOST: '127.0.0.1',
  SMTP_PORT: '9',
  SMTP_USER: 'donna',
  SMTP_PASS: 'not-used',
  EMAIL_FROM: 'donna@donna.example',
};

const out = resolve(option('--out') ?? join(root, 'docs', 'images'));
const seconds = Number(option('--seconds') ?? 100);
const folder = mkdtempSync(join(tmpdir(), 'donna-pictures-'));
let gateway;
let browser;
try {
  gateway = await startGateway();
  console.log(`gateway at ${gateway.url}; traffic for ${seconds} s`);
  const { token, sockets } = await makeTraffic(gateway.url, seconds);
  browser = await startBrowser();
  mkdirSync(out, { recursive: true });
  await takePictures(browser, gateway.url, token, out);
  for (const socket of sockets) socket.close();
  for (const name of PICTURES) {
    const { size } = statSync(join(out, `${name}.png`));
    console.log(`${name}.png: ${Math.round(size / 1000)} kB`);
    if (size > MAX_BYTES) throw new Error(`${name}.png is larger than ${MAX_BYTES} bytes`);
  }
} finally {
  await browser?.close();
  await gateway?.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function startGateway() {
  for (const name of ['dist', 'legacy-php']) {
    const isOwn = (source) => !source.includes('/legacy-php/var');
    cpSync(join(root, name), join(folder, name), { recursive: true, dereference: true, filter: isOwn });
  }
  for (const name of ['package.json', 'routes.yaml']) cpSync(join(root, name), join(folder, name));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  changeLine();
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, ['dist/main.js'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH,
      HOME,
      NODE_ENV: 'development',
      // PHP hands its mail to the gateway at the port that it was told.
      PORT: String(await findFreePort()),
      ENABLE_WS_PROXY: 'true',
      MAX_CONNECTIONS_PER_IP: '8',
      ...MAIL,
    },
  });
  const url = await readUrl(child);
  return {
    url,
    stop: () =>
      new Promise((done) => {
        if (child.exitCode !== null || child.signalCode !== null) return void done();
        child.once('close', done);
        child.kill('SIGTERM');
      }),
  };
}

function changeLine() {
  const path = join(folder, 'legacy-php', CHANGED.file);
  const text = readFileSync(path, 'utf8');
  if (!text.includes(CHANGED.from)) throw new Error(`${CHANGED.file} has no line ${CHANGED.from}`);
  writeFileSync(path, text.replace(CHANGED.from, CHANGED.to));
}

function readUrl(child) {
  return new Promise((done, fail) => {
    let said = '';
    const timer = setTimeout(() => fail(new Error(`the gateway did not start:\n${said}`)), START_WITHIN_MS);
    const read = (text) => {
      said += text;
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
      if (found === null) return;
      clearTimeout(timer);
      done(found[0]);
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    child.once('exit', () => fail(new Error(`the gateway ended:\n${said}`)));
  });
}

async function startBrowser() {
  const faults = [];
  for (const executablePath of CHROMIUM) {
    try {
      return await chromium.launch({
        executablePath,
        args: ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none'],
      });
    } catch (error) {
      faults.push(error.message);
    }
  }
  throw new Error(`no Chromium could be started (Debian: apt-get install chromium)\n${faults.at(-1)}`);
}

function option(name) {
  const at = process.argv.indexOf(name);
  return at === -1 ? undefined : process.argv[at + 1];
}
