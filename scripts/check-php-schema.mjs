// Every answer of the priority endpoints is {success: boolean, traceId: string} and has its fields, from PHP and through the gateway.
//   npm run check:php-schema -- --base URL [--direct URL]
// Uses only Node's own modules (Node 20 or newer). Exits 0 when all holds, 1 at the first thing that does not.
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { gatewayCaller, sessionCaller, signedCaller } from './php-schema/callers.mjs';
import { answers, paidAnswers, passing } from './php-schema/endpoints.mjs';
import { expectShape } from './php-schema/shape.mjs';
import { describeAnswer, expectAnswer } from './smoke/expect.mjs';
import { readUrl, UsageError } from './smoke/options.mjs';
import { Failure, runChecks, runMain } from './smoke/report.mjs';
import { readSettings } from './smoke/settings.mjs';

const HELP = `Checks the answers of PHP's priority endpoints, good and bad, against the contract: {success: boolean,
traceId: string}, the fields of each, error and errorCode where it refuses.

  npm run check:php-schema -- --base https://gateway.example.com --direct http://127.0.0.1:8080

  --base URL     through the gateway
  --direct URL   PHP itself: with a session of the user --email, as its pages do
  --email ADDR   who signs in at --direct, with the password in PHP_CHECK_PASSWORD   the demo user of development
  --signed       at --direct, in the gateway's name instead: needs GATEWAY_IDENTITY_SECRET
  --all          asks what providers may be paid for, too: one reply, one spoken word

At least one of --base and --direct is needed. For --base an access token is made with JWT_SECRET (environment, .env, else
development's .data/secrets.json). No mail is sent. One conversation is made, and removed.
`;
const OPTIONS = {
  base: { type: 'string' },
  direct: { type: 'string' },
  email: { type: 'string' },
  signed: { type: 'boolean', default: false },
  all: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h' },
};
const DEMO = { email: 'demo@donna.example', password: 'donna-demo' };

await runMain(async (args) => {
  const options = readOptions(args);
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const callers = callersOf(options);
  let code;
  try {
    code = await runChecks(callers.flatMap((caller) => [...checksOf(caller, options.all)]));
  } finally {
    // After a failure the session is ended as well; that it could not be is not the failure to tell.
    for (const caller of callers) await caller.end().catch(() => undefined);
  }
  for (const { client, base } of callers) console.log(`${client.sent} requests were sent to ${base}`);
  return code;
}, HELP);

function readOptions(args) {
  let values;
  try {
    ({ values } = parseArgs({ args, strict: true, allowPositionals: false, options: OPTIONS }));
  } catch (error) {
    throw new UsageError(error.message);
  }
  if (!values.help && values.base === undefined && values.direct === undefined) {
    throw new UsageError('--base and --direct are both missing: the URL of the gateway, of PHP, or both');
  }
  return values;
}

function callersOf({ base, direct, email, signed }) {
  return [
    ...(direct === undefined ? [] : [directCaller(readUrl(direct, '--direct'), email, signed)]),
    ...(base === undefined ? [] : [gatewayCaller(readUrl(base, '--base'), readSettings())]),
  ];
}

function directCaller(url, email, isSigned) {
  const { GATEWAY_IDENTITY_SECRET: secret, PHP_CHECK_PASSWORD: password } = process.env;
  if (isSigned) {
    if (!secret) throw new UsageError('--signed needs GATEWAY_IDENTITY_SECRET: set it to what PHP has');
    return signedCaller(url, secret);
  }
  if (email !== undefined && !password) throw new UsageError('--email needs the password in PHP_CHECK_PASSWORD');
  return email === undefined ? sessionCaller(url, DEMO.email, DEMO.password) : sessionCaller(url, email, password);
}

function* checksOf(caller, isAll) {
  const check = (name, run) => ({ name: `${caller.name}: ${name}`, run });
  yield check('begins', () => caller.begin());
  for (const answer of [...answers, ...(isAll ? paidAnswers : [])]) {
    yield check(`${nameOf(answer)} → ${[answer.status].flat().join(' or ')}`, () => checkAnswer(caller, answer));
  }
  for (const { path } of answers.filter(({ status, json }) => status === 200 && json === undefined)) {
    yield check(`GET ${path}, twice → each time the trace id that was given`, () => checkTrace(caller, path));
  }
  yield check('a conversation is made, changed and removed', () => checkConversation(caller));
  if (caller.withoutCsrf !== undefined) {
    yield check('a write with the cookie alone → 403', async () => {
      const answer = await caller.withoutCsrf({ method: 'POST', path: passing.path, json: { title: 'refused' } });
      expectAnswer(answer, 403, 'CSRF_FAILED');
    });
  }
  yield check('ends', () => caller.end());
}

function nameOf({ as, method, path, json }) {
  const action = json?.action === undefined ? '' : ` ${json.action}`;
  return `${methodOf({ method, json })} ${path}${action}${as === 'nobody' ? ', nobody' : ''}`;
}

function methodOf({ method, json }) {
  return method ?? (json === undefined ? 'GET' : 'POST');
}

async function checkAnswer(caller, { as, method, path, json, status, code, shape }) {
  const send = as === 'nobody' ? caller.asNobody : caller.asUser;
  const answer = await send({ method: methodOf({ method, json }), path, json });
  const statuses = [status].flat();
  if (!statuses.includes(answer.status)) {
    const hint =
      answer.status === 401 && caller.name === 'gateway'
        ? 'is this PHP itself? then name it by --direct; else JWT_SECRET is not the one that it has'
        : undefined;
    throw new Failure(statuses.join(' or '), describeAnswer(answer), hint);
  }
  expectAnswer(answer, answer.status, code);
  // What a refusal beyond PHP looks like is told by the envelope alone.
  if (answer.status < 300 || statuses.length === 1) expectShape(answer.json, shape);
  return statuses.length === 1 ? undefined : `${answer.status}`;
}

/** Also where the answer comes from a cache. */
async function checkTrace(caller, path) {
  for (let times = 0; times < 2; times++) {
    const traceId = randomBytes(16).toString('hex');
    const answer = await caller.asUser({ path, headers: { 'X-Trace-Id': traceId } });
    expectAnswer(answer, 200);
    if (answer.json.traceId !== traceId) throw new Failure(`traceId ${traceId}`, answer.json.traceId);
  }
}

async function checkConversation(caller) {
  const { path, made, changed, removed } = passing;
  const first = await caller.asUser({ method: 'POST', path, json: { title: 'Schema check' } });
  expectAnswer(first, 201);
  const id = first.json?.data?.id;
  try {
    expectShape(first.json, made);
    const second = await caller.asUser({ method: 'PUT', path, json: { id, title: 'Schema check, changed' } });
    expectAnswer(second, 200);
    expectShape(second.json, changed);
  } finally {
    // Whatever was wrong with it: it is not left behind.
    if (typeof id === 'string') {
      const last = await caller.asUser({ method: 'DELETE', path: `${path}?id=${encodeURIComponent(id)}` });
      expectAnswer(last, 200);
      expectShape(last.json, removed);
    }
  }
}
