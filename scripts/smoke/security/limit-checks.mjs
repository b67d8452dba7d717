import { randomBytes } from 'node:crypto';
import { describeAnswer, expectAnswer, expectSingle } from '../expect.mjs';
import { Failure } from '../report.mjs';

/** How many requests are under way together while a limit is being used up. */
const AT_ONCE = 8;

/** Whoever comes too often is told so and when to come again; somebody else at the same address is served meanwhile. */
export function* limitChecks({ routes, native, bearerOf, maxBurst }) {
  for (const route of routes) {
    // A subject of its own, so that no real caller and no other check is limited.
    const eager = `smoke-burst-${randomBytes(6).toString('hex')}`;
    const as = { headers: bearerOf(eager), limited: true };
    yield {
      name: `${route.name}: over the limit → 429`,
      run: async () => expectLimited(() => route.send(as), maxBurst),
    };
    yield {
      name: `${route.name}: somebody else at this address is still served`,
      run: async () =>
        expectAnswer(await route.send({ headers: bearerOf(`smoke-${randomBytes(6).toString('hex')}`) }), 200),
    };
  }
  yield {
    name: `${native.name}: over the limit of one account → 429`,
    run: async () => expectLimited(() => native.send({ json: native.guess, limited: true }), Math.min(maxBurst, 100)),
  };
}

async function expectLimited(send, maxBurst) {
  let sent = 0;
  let limited;
  let other;
  const sender = async () => {
    while (limited === undefined && other === undefined && sent < maxBurst) {
      sent += 1;
      const answer = await send();
      if (answer.status === 429) limited ??= answer;
      else if (answer.status >= 500) other ??= answer;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sender));
  if (limited === undefined) {
    const came = other === undefined ? `${sent} answers, none of them 429` : describeAnswer(other);
    throw new Failure(`429 within ${maxBurst} requests`, came);
  }
  expectAnswer(limited, 429, 'RATE_LIMITED');
  expectSingle(limited, 'Retry-After', /^[1-9]\d{0,4}$/);
  for (const name of ['RateLimit', 'RateLimit-Policy']) {
    if (limited.all(name).length === 0) throw new Failure(`a header ${name}`, 'none');
  }
  return `after ${sent} requests`;
}
