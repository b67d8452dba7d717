import { expectAnswer, expectEnvelope, describeAnswer } from '../expect.mjs';
import { Failure } from '../report.mjs';

/** A page of another site gets nothing, one of an allowed site gets its answer, and exactly one header that says so. */
export function* originChecks({ client, routes, native, origin, ownOrigin, settings, bearer }) {
  const denied = [
    ['another site', 'https://attacker.example'],
    ['a look-alike', `${origin}.attacker.example`],
    [
      'another scheme',
      origin.startsWith('https:') ? origin.replace('https:', 'http:') : origin.replace('http:', 'ftp:'),
    ],
    ...(settings.allowedOrigins.includes('null') ? [] : [['null', 'null']]),
  ].filter(([, value]) => !settings.allowedOrigins.includes(value));
  for (const route of [...routes, native]) {
    for (const [what, value] of denied) {
      yield {
        name: `${route.name}: Origin of ${what} → 403`,
        run: async () => {
          const answer = await route.send({ headers: { ...bearer(), Origin: value } });
          expectAnswer(answer, 403, 'ORIGIN_DENIED');
          if (answer.all('Access-Control-Allow-Origin').length > 0) throw allowOrigin('no', answer);
        },
      };
    }
  }
  for (const route of routes) {
    yield {
      name: `${route.name}: allowed Origin → 200`,
      run: async () => {
        const answer = await route.send({ headers: { ...bearer(), Origin: origin } });
        expectAnswer(answer, 200);
        expectAllowed(answer, origin, ownOrigin);
      },
    };
    yield {
      name: `${route.name}: preflight of another site → 403`,
      run: async () => {
        const answer = await route.send({ ...preflight(route.method, 'https://attacker.example') });
        expectAnswer(answer, 403, 'ORIGIN_DENIED');
      },
    };
    yield {
      name: `${route.name}: preflight of an allowed site is answered`,
      run: async () => {
        const answer = await route.send({ ...preflight(route.method, origin) });
        // From the gateway's own origin no browser sends one: whatever the route says to OPTIONS will do.
        if (origin !== ownOrigin && answer.status !== 204) throw new Failure('204', describeAnswer(answer));
        expectAllowed(answer, origin, ownOrigin);
      },
    };
  }
  yield {
    name: 'GET /realtime: WebSocket upgrade with a bad Origin → 403',
    run: async () => {
      const answer = await client.send({ path: '/realtime', headers: upgrade('https://attacker.example') });
      if (answer.status !== 403) throw new Failure('403 and no upgrade', describeAnswer(answer));
      expectEnvelope(answer);
    },
  };
}

/** Fetch standard, section 3.2.4: the very origin, never `*` with credentials, and caches must know (`Vary`). */
function expectAllowed(answer, origin, ownOrigin) {
  const values = answer.all('Access-Control-Allow-Origin');
  const isSilent = values.length === 0 && origin === ownOrigin;
  if (!isSilent && (values.length !== 1 || values[0] !== origin)) throw allowOrigin(`one, ${origin},`, answer);
  if (!/(^|[,\s])origin($|[,\s])/i.test(answer.headers.vary ?? '')) {
    throw new Failure('Vary: Origin', answer.headers.vary ?? 'no Vary');
  }
}

function allowOrigin(wanted, answer) {
  const came = answer.all('Access-Control-Allow-Origin');
  return new Failure(`${wanted} Access-Control-Allow-Origin`, came.length === 0 ? 'none' : came.join(' and '));
}

function preflight(method, origin) {
  const headers = {
    Origin: origin,
    'Access-Control-Request-Method': method,
    'Access-Control-Request-Headers': 'authorization,content-type',
  };
  return { method: 'OPTIONS', headers, json: undefined };
}

/** RFC 6455, section 4.1. */
function upgrade(origin) {
  return {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    Origin: origin,
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  };
}
