import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, LOST_AFTER_MS } from '../ask.mjs';
import { bodyOf } from '../bodies.mjs';
import { expectTold, headersFor, verdict } from '../expect.mjs';

const PIPELINED = 3;

/** Bytes on bare connections, and clients that leave. */
export const ROUGH = {
  pipelined: { weight: 3, run: (site, chance, nonce) => pipelined(site, chance, nonce, false) },
  'pipelined and split': { weight: 2, run: (site, chance, nonce) => pipelined(site, chance, nonce, true) },
  garbage: { weight: 2, run: garbage },
  'leaves before its head is whole': { weight: 2, run: (site, chance) => leaveRaw(site, chance, 'head') },
  'leaves within its body': { weight: 2, run: (site, chance) => leaveRaw(site, chance, 'body') },
  'leaves while it waits': { weight: 2, run: leaveWaiting },
  'leaves within the answer': { weight: 2, run: leaveDownload },
};

/** Several requests in one go, also byte by byte: their answers come in their order, each whole. */
async function pipelined(site, chance, nonce, isSplit) {
  const subject = chance.one(site.callers.subjects);
  const nonces = Array.from({ length: PIPELINED }, (_, i) => nonce.slice(0, -1) + i);
  const requests = nonces.map((each, i) => {
    const isLast = i === PIPELINED - 1;
    return `GET /json/tell/${each} HTTP/1.1\r\nHost: h\r\nAuthorization: ${headersFor(site, subject, false).Authorization}\r\nX-Trace-Id: ${each}\r\nX-Soak-Nonce: ${each}\r\n${isLast ? 'Connection: close\r\n' : ''}\r\n`;
  });
  const bytes = requests.join('');
  const { text, isLost } = await talk(site, async (socket) => {
    if (!isSplit) return socket.write(bytes);
    for (let at = 0; at < bytes.length && !socket.destroyed;) {
      const size = 1 + chance.below(200);
      socket.write(bytes.slice(at, at + size));
      at += size;
      await sleep(1);
    }
  });
  if (isLost) return 'lost: no answer in time';
  const answers = readAnswers(text);
  if (answers.length !== PIPELINED && !site.wasAway())
    return `damaged: ${answers.length} answers: ${JSON.stringify(text.slice(0, 300))}`;
  return answers
    .map((answer, i) => expectTold(site, nonces[i], answer, { subject }))
    .find((wrong) => wrong !== undefined);
}

/** The answers of a connection, by their lengths. */
function readAnswers(text) {
  const answers = [];
  for (let at = 0; at < text.length;) {
    const end = text.indexOf('\r\n\r\n', at);
    if (end === -1) return answers;
    const [first, ...lines] = text.slice(at, end).split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
    );
    const length = Number(headers['content-length']);
    const body = Buffer.from(text.slice(end + 4, end + 4 + length), 'latin1');
    answers.push({ status: Number(first.split(' ')[1]), headers, body, isComplete: body.length === length });
    at = end + 4 + length;
  }
  return answers;
}

async function garbage(site, chance) {
  const bytes = chance.one([
    'GET\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    'POST /json/tell/x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: h\r\n\r\n`,
    'GET / HTTP/1.1\r\nHost: h\r\nX: \0\r\n\r\n',
    `${String.fromCharCode(22, 3, 1, 2, 0)}${'x'.repeat(100)}\r\n\r\n`,
    'GET /json/%00 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
  ]);
  const { text, isLost } = await talk(site, (socket) => socket.write(bytes, 'latin1'));
  if (isLost) return `lost: no refusal of ${JSON.stringify(bytes.slice(0, 40))}`;
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0);
  return status >= 400 && status < 500 ? undefined : `unexpected: ${JSON.stringify(text.slice(0, 200))}`;
}

/** One connection until it is closed. */
function talk(site, send) {
  return new Promise((resolve) => {
    const socket = connect(site.port, '127.0.0.1');
    let text = '';
    let isLost = false;
    const timer = setTimeout(() => {
      isLost = true;
      socket.destroy();
    }, LOST_AFTER_MS);
    socket.setEncoding('latin1').on('data', (chunk) => (text += chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve({ text, isLost });
    });
    void send(socket);
  });
}

async function leaveRaw(site, chance, stage) {
  const head = `POST /${chance.one(['json', 'pages'])}/tell/x HTTP/1.1\r\nHost: h\r\nAuthorization: ${headersFor(site, 'caller-1', false).Authorization}\r\nContent-Length: 100000\r\n`;
  await talk(site, async (socket) => {
    socket.write(head);
    if (stage === 'body') socket.write(`\r\n${'x'.repeat(20_000)}`);
    await sleep(5 + chance.below(20));
    if (chance.next() < 0.5) socket.resetAndDestroy();
    else socket.destroy();
  });
  return undefined;
}

async function leaveWaiting(site, chance, nonce) {
  const route = chance.one(['fault', 'broken']);
  await talk(site, async (socket) => {
    socket.write(
      `GET /${route}/never/${nonce} HTTP/1.1\r\nHost: h\r\nAuthorization: ${headersFor(site, 'caller-2', false).Authorization}\r\n\r\n`,
    );
    await sleep(5 + chance.below(50));
    socket.destroy();
  });
  return undefined;
}

async function leaveDownload(site, _chance, nonce) {
  const bytes = 2_000_000;
  const answer = await ask(site, {
    path: `/pages/download/${nonce}?bytes=${bytes}`,
    agent: false,
    leaveAfter: 100_000,
  });
  if (site.wasAway(answer)) return undefined;
  const expected = bodyOf(nonce, bytes).subarray(0, answer.body.length);
  return verdict(answer.body.equals(expected), 'damaged', answer);
}
