// Asks a gateway from outside whether it is well; .github/workflows/uptime.yml does so every ten minutes.
//   npm run uptime -- --url https://gateway.example.com [--tries 3] [--pause-s 20] [--timeout-s 10]
// Exits 0 when it serves (one that is degraded does, and is told of), 1 when it does not in any of the tries, 64 for wrong usage.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const HEALTH = '/api/health';
const EX_USAGE = 64;
const MAX_BYTES = 65_536;
const PARTS = ['php', 'database', 'redis', 'realtime'];
const CHECKS = ['up', 'down', 'off'];

const options = readOptions();
if (typeof options === 'string') {
  console.error(
    `${options}\nusage: npm run uptime -- --url URL [--tries 1..10] [--pause-s 0..300] [--timeout-s 1..60]`,
  );
  process.exit(EX_USAGE);
}
const { url, tries, pauseMs, timeoutMs } = options;
for (let round = 1; round <= tries; round++) {
  const startedAt = performance.now();
  const outcome = await ask();
  const took = `after ${Math.round(performance.now() - startedAt)} ms`;
  if (outcome.fault === undefined) {
    console.log(`${outcome.status}: ${url.origin}${url.pathname} ${took}${outcome.down}`);
    process.exit(0);
  }
  console.log(`try ${round} of ${tries}: ${outcome.fault}, ${took}`);
  if (round < tries) await sleep(pauseMs);
}
console.log(`down: ${url.origin}${url.pathname}`);
process.exit(1);

/** What is printed comes from fixed lists: whoever answers there writes nothing into an issue. */
async function ask() {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const answer = await fetch(url, {
      redirect: 'manual',
      signal,
      headers: { Accept: 'application/json', ...basicAuth() },
    });
    if (answer.status !== 200) {
      await answer.body?.cancel();
      return { fault: `status ${answer.status}` };
    }
    const told = JSON.parse(await readBounded(answer.body));
    const { success, status, checks } = typeof told === 'object' && told !== null ? told : {};
    if (success !== true || !['healthy', 'degraded'].includes(status))
      return { fault: 'an answer that is none of a gateway' };
    const down = PARTS.filter((part) => CHECKS.includes(checks?.[part]) && checks[part] === 'down');
    return { status, down: down.length === 0 ? '' : ` (down: ${down.join(', ')})` };
  } catch (error) {
    return { fault: wordOf(error) };
  }
}

async function readBounded(body) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw new RangeError('too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function wordOf(error) {
  if (error instanceof SyntaxError) return 'an answer that is no JSON';
  if (error instanceof RangeError) return 'an answer that is too long';
  if (error?.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`;
  const code = error?.cause?.code ?? error?.code;
  return /^[A-Z_]{3,60}$/.test(code ?? '') ? `no connection (${code})` : 'no connection';
}

function basicAuth() {
  if (options.login === '') return {};
  return { Authorization: `Basic ${Buffer.from(options.login).toString('base64')}` };
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        url: { type: 'string' },
        tries: { type: 'string', default: '3' },
        'pause-s': { type: 'string', default: '20' },
        'timeout-s': { type: 'string', default: '10' },
      },
    });
    if (!URL.canParse(values.url ?? '') || !/^https?:/.test(values.url))
      return '--url must be the http(s) address of a gateway';
    const url = new URL(values.url);
    const login = url.username === '' ? '' : `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    url.username = url.password = '';
    if (!url.pathname.endsWith(HEALTH)) url.pathname = `${url.pathname.replace(/\/+$/, '')}${HEALTH}`;
    const number = (name, min, max) => {
      const given = Number(values[name]);
      if (!Number.isFinite(given) || given < min || given > max) throw new Error(`--${name} must be ${min} to ${max}`);
      return given;
    };
    const tries = Math.trunc(number('tries', 1, 10));
    return {
      url,
      login,
      tries,
      pauseMs: number('pause-s', 0, 300) * 1000,
      timeoutMs: number('timeout-s', 1, 60) * 1000,
    };
  } catch (error) {
    return error.message;
  }
}
