// What is said to Donna reaches the boards, once, and only from those who may say it.
//   npm run smoke:fanout -- --base URL
// Uses only Node's own modules (Node 20 or newer). Exits 0 when all holds, 1 at the first thing that does not.
import { describeAnswer, expectAnswer, expectSingle } from './smoke/expect.mjs';
import { Failure } from './smoke/report.mjs';
import { startSmoke } from './smoke/start.mjs';

const FANOUT = '/api/voice/fanout';
const EVENTS = '/api/voice/events';
const TARGETS = ['marketing', 'sales', 'secretary'];

await startSmoke({
  help: `Checks that a gateway hands voice events to the boards of its PHP application.

  npm run smoke:fanout -- --base https://gateway.example.com

  --base URL       the gateway
  --origin ORIGIN  an origin that it allows                      the base URL's own
  --expect-off     the fan-out is switched off: demands that it says so

Tokens are made with JWT_SECRET (environment, .env, else development's .data/secrets.json) for a subject that exists
nowhere. It leaves two events on each board, of the kinds smoke.test and session_started.
`,
  options: { 'expect-off': { type: 'boolean', default: false } },
  checks: fanoutChecks,
});

function* fanoutChecks({ client, options, bearer, subject, origin, forgedTokens }) {
  const at = new Date().toISOString();
  const event = { kind: 'smoke.test', text: 'A smoke test: nobody has called.', at, payload: { smoke: true } };
  const tell = (headers, json = event) => client.send({ method: 'POST', path: FANOUT, headers, json });
  const report = (headers, json) => client.send({ method: 'POST', path: EVENTS, headers, json });
  const reported = { type: 'session_started', session_id: subject, at };
  const keyed = { ...bearer, 'Idempotency-Key': subject };

  for (const [name, send] of [
    [FANOUT, (headers) => tell(headers)],
    [EVENTS, (headers) => report(headers, reported)],
  ]) {
    yield { name: `${name}: no identity → 401`, run: async () => expectAnswer(await send({}), 401, 'UNAUTHENTICATED') };
    for (const [what, token] of forgedTokens) {
      yield {
        name: `${name}: a token that is ${what} → 401`,
        run: async () => expectAnswer(await send({ Authorization: `Bearer ${token}` }), 401, 'UNAUTHENTICATED'),
      };
    }
    yield {
      name: `${name}: Origin of another site → 403`,
      run: async () =>
        expectAnswer(await send({ ...bearer, Origin: 'https://attacker.example' }), 403, 'ORIGIN_DENIED'),
    };
  }
  yield {
    name: `${FANOUT}: fields that do not hold → 422`,
    run: async () => expectAnswer(await tell(bearer, { kind: '<b>', payload: [] }), 422, 'VALIDATION_FAILED'),
  };
  yield {
    name: `${EVENTS}: a type that is not known → 422`,
    run: async () => expectAnswer(await report(bearer, { ...reported, type: 'gossip' }), 422, 'VALIDATION_FAILED'),
  };
  yield {
    name: `${EVENTS}: a session's start → 202`,
    run: async () => expectAnswer(await report({ ...bearer, Origin: origin }, reported), 202),
  };
  if (options['expect-off']) {
    yield {
      name: `${FANOUT}: switched off → 503`,
      run: async () => expectAnswer(await tell(bearer), 503, 'FANOUT_DISABLED'),
    };
    return;
  }
  let first;
  yield {
    name: `${FANOUT}: an event → delivered to ${TARGETS.join(', ')}`,
    run: async () => {
      first = await tell(keyed);
      return expectDelivered(first);
    },
  };
  yield {
    name: `${FANOUT}: the same under the same key → the first result, and nothing is delivered again`,
    run: async () => {
      const again = await tell(keyed);
      expectDelivered(again);
      expectSingle(again, 'Idempotent-Replayed', /^true$/);
      // To the millisecond: another delivery would have taken another time.
      const [one, two] = [first, again].map(({ json }) => JSON.stringify(json.delivered));
      if (one !== two) throw new Failure(one, two);
    },
  };
  yield {
    name: `${FANOUT}: another event under the same key → 422`,
    run: async () => expectAnswer(await tell(keyed, { ...event, kind: 'smoke.other' }), 422, 'VALIDATION_FAILED'),
  };
}

/** @throws Failure when a board has not taken it */
function expectDelivered(answer) {
  if (answer.json?.errorCode === 'FANOUT_DISABLED')
    throw new Failure(
      'deliveries',
      describeAnswer(answer),
      'set ALLOW_REMOTE_PHP_FANOUT=true, or add --expect-off where it is off on purpose',
    );
  expectAnswer(answer, 200);
  const { delivered = [], failed = [] } = answer.json;
  const names = delivered.map(({ target }) => target).toSorted();
  if (failed.length > 0 || names.join() !== TARGETS.join()) {
    const faults = failed.map(({ target, status, errorCode }) => `${target} failed: ${status} ${errorCode}`);
    throw new Failure(`delivered to ${TARGETS.join(', ')}`, [`delivered to ${names.join(', ')}`, ...faults].join('; '));
  }
  return delivered.map(({ target, ms }) => `${target} ${ms} ms`).join(', ');
}
