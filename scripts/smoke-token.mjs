// Whoever may talk to Donna gets a client secret, and nobody else does.
//   npm run smoke:token -- --base URL
// Uses only Node's own modules (Node 20 or newer). Exits 0 when all holds, 1 at the first thing that does not.
import { describeAnswer, expectAnswer, expectSingle } from './smoke/expect.mjs';
import { Failure } from './smoke/report.mjs';
import { startSmoke } from './smoke/start.mjs';

const PATH = '/api/realtime/token';
/** Seconds: no client secret lives longer than the provider's longest. */
const MAX_LIFE_S = 7200;

await startSmoke({
  help: `Checks that a gateway gives client secrets for realtime to whom it should.

  npm run smoke:token -- --base https://gateway.example.com

  --base URL       the gateway
  --origin ORIGIN  an origin that it allows   the base URL's own

Tokens are made with JWT_SECRET (environment, .env, else development's .data/secrets.json) for a subject that exists
nowhere. It asks the provider for two client secrets, which are used for nothing.
`,
  checks: tokenChecks,
});

function* tokenChecks({ client, bearer, origin, forgedTokens }) {
  const ask = (headers, json = {}) => client.send({ method: 'POST', path: PATH, headers, json });
  yield {
    name: 'no identity → 401',
    run: async () => expectAnswer(await ask({}), 401, 'UNAUTHENTICATED'),
  };
  for (const [what, token] of forgedTokens) {
    yield {
      name: `a token that is ${what} → 401`,
      run: async () => expectAnswer(await ask({ Authorization: `Bearer ${token}` }), 401, 'UNAUTHENTICATED'),
    };
  }
  yield {
    name: 'Origin of another site → 403',
    run: async () => {
      expectAnswer(await ask({ ...bearer, Origin: 'https://attacker.example' }), 403, 'ORIGIN_DENIED');
    },
  };
  yield {
    name: 'a voice and a model that are not on the list → 422',
    run: async () => expectAnswer(await ask(bearer, { voice: 'nobody', model: 'none' }), 422, 'VALIDATION_FAILED'),
  };
  yield {
    name: 'a valid token → a client secret that is not kept by any cache',
    run: async () => expectSecret(await ask(bearer)),
  };
  yield {
    name: 'a valid token from an allowed Origin → a client secret',
    run: async () => expectSecret(await ask({ ...bearer, Origin: origin }, { voice: 'marin' })),
  };
  yield {
    name: 'GET answers like POST in development, 405 elsewhere',
    run: async () => {
      const answer = await client.send({ path: PATH, headers: bearer });
      if (answer.status === 200) return 'development: 200';
      expectAnswer(answer, 405, 'METHOD_NOT_ALLOWED');
      expectSingle(answer, 'Allow', /POST/);
      return '405';
    },
  };
}

/** Contract section 3: the secret in both shapes, and when it ends. @throws Failure that repeats no secret */
function expectSecret(answer) {
  if (answer.json?.errorCode === 'REALTIME_DISABLED')
    throw new Failure('a client secret', describeAnswer(answer), 'realtime is off: give the gateway OPENAI_API_KEY');
  if (answer.status !== 200) expectAnswer(answer, 200);
  const { client_secret: secret, value, expires_at: expiresAt, session } = answer.json ?? {};
  const now = Date.now() / 1000;
  const isWhole =
    typeof value === 'string' && value !== '' && secret?.value === value && secret?.expires_at === expiresAt;
  if (!isWhole) throw new Failure('client_secret{value, expires_at} and the same at the top', 'another shape');
  if (!(expiresAt > now && expiresAt < now + MAX_LIFE_S))
    throw new Failure('expires_at in Unix seconds, soon', String(expiresAt));
  if (typeof session?.model !== 'string') throw new Failure('the session with its model', 'none');
  expectSingle(answer, 'Cache-Control', /no-store/);
  return `${session.model}, ${Math.round(expiresAt - now)} s`;
}
