import { ask } from '../ask.mjs';
import { expectStatus, headersFor, verdict } from '../expect.mjs';
import { FAULTS } from '../upstream-faults.mjs';

/** An upstream that breaks: what the client gets is the gateway's envelope, or an answer that is visibly cut short. */
export const FAULTY = Object.fromEntries(
  Object.entries(FAULTS).flatMap(([kind, outcome]) =>
    ['fault', 'broken'].map((route) => [
      `${kind} on /${route}`,
      {
        weight: kind === 'never' ? 0.2 : 0.6,
        run: (site, chance, nonce) => broken(site, chance, nonce, { kind, route, ...outcome }),
      },
    ]),
  ),
);

async function broken(site, chance, nonce, { kind, route, statuses, cut = false }) {
  const answer = await ask(site, {
    path: `/${route}/${kind}/${nonce}`,
    headers: {
      ...headersFor(site, chance.one(site.callers.subjects), false),
      'X-Trace-Id': nonce,
      'X-Soak-Nonce': nonce,
    },
  });
  if (answer.isLost) return 'lost: no answer in time';
  // Its head was out already when the upstream broke.
  if (cut && (answer.status === 0 || (answer.status === 200 && !answer.isComplete))) return undefined;
  const wrong = expectStatus(site, nonce, answer, statuses);
  if (wrong !== undefined || answer.status === 500 || answer.body.length === 0) return wrong;
  const said = JSON.parse(answer.body.toString());
  const isOwn = [nonce, undefined].includes(said.traceId) && [nonce, undefined].includes(said.nonce);
  return verdict(isOwn && said.success === answer.status < 300, 'crossed', answer);
}
