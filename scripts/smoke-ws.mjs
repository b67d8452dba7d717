// The realtime WebSocket lets in whom it should, and tells all others why not.
//   npm run smoke:ws -- --base URL
// Uses only Node's own modules (Node 20 or newer). Exits 0 when all holds, 1 at the first thing that does not.
import { describeAnswer, expectAnswer } from './smoke/expect.mjs';
import { UsageError } from './smoke/options.mjs';
import { Failure } from './smoke/report.mjs';
import { startSmoke } from './smoke/start.mjs';
import { describeEnd, openSocket } from './smoke/websocket.mjs';

const PATH = '/realtime';

await startSmoke({
  help: `Checks who gets through the realtime WebSocket of a gateway: contract section 5.

  npm run smoke:ws -- --base https://gateway.example.com

  --base URL         the gateway, with ENABLE_WS_PROXY=true
  --origin ORIGIN    an origin that it allows                            the base URL's own
  --max-wait-s N     how long a socket without any frame may stay open   30
  --expect-off       ENABLE_WS_PROXY is not set: demands that it says so

Tokens are made with JWT_SECRET (environment, .env, else development's .data/secrets.json) for a subject that exists
nowhere. No connection to the provider is opened.
`,
  options: { 'max-wait-s': { type: 'string', default: '30' }, 'expect-off': { type: 'boolean', default: false } },
  checks: socketChecks,
});

function* socketChecks({ options, origin, token, forgedTokens }) {
  const maxWaitMs = Number(options['max-wait-s']) * 1000;
  if (!(maxWaitMs > 0)) throw new UsageError('--max-wait-s must be a number of seconds');
  const open = (headers) => openSocket(options.base, PATH, headers);

  if (options['expect-off']) {
    yield {
      name: 'switched off → 503, no WebSocket',
      run: async () => expectRefusal(await open(), 503, 'REALTIME_DISABLED'),
    };
    return;
  }
  yield { name: 'an upgrade without an Origin → a WebSocket', run: async () => (await expectSocket(open())).close() };
  yield {
    name: 'an upgrade from an allowed Origin → a WebSocket',
    run: async () => (await expectSocket(open({ Origin: origin }))).close(),
  };
  yield {
    name: 'an upgrade from another site → 403',
    run: async () => expectRefusal(await open({ Origin: 'https://attacker.example' }), 403, 'ORIGIN_DENIED'),
  };
  yield {
    name: 'another frame before authenticate → 4001',
    run: async () => {
      const socket = await expectSocket(open());
      socket.sendJson({ type: 'connect_realtime' });
      await expectEnd(socket, 4001);
    },
  };
  for (const [what, forged] of forgedTokens) {
    yield {
      name: `a token that is ${what} → auth_error, 4003`,
      run: async () => {
        const socket = await expectSocket(open());
        socket.sendJson({ type: 'authenticate', token: forged });
        await expectFrame(socket, 'auth_error');
        await expectEnd(socket, 4003);
      },
    };
  }
  yield {
    name: 'a valid token → auth_success',
    run: async () => {
      const socket = await expectSocket(open());
      socket.sendJson({ type: 'authenticate', token });
      await expectFrame(socket, 'auth_success');
      await socket.close();
    },
  };
  yield {
    name: 'no frame at all → 4001 when the time is over',
    run: async () => {
      const startedAt = performance.now();
      await expectEnd(await expectSocket(open()), 4001, maxWaitMs);
      return `after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
    },
  };
}

/** @throws Failure that says what to do where realtime's WebSocket is switched off */
async function expectSocket(opening) {
  const { socket, refusal } = await opening;
  if (socket !== undefined) return socket;
  const isOff = refusal.json?.errorCode === 'REALTIME_DISABLED';
  throw new Failure(
    'a WebSocket (101)',
    describeAnswer(refusal),
    isOff
      ? 'start the gateway with ENABLE_WS_PROXY=true, or add --expect-off where it is off on purpose'
      : refusal.status === 429
        ? 'MAX_CONNECTIONS_PER_IP sockets of this address are open already'
        : undefined,
  );
}

function expectRefusal({ socket, refusal }, status, code) {
  if (socket === undefined) return expectAnswer(refusal, status, code);
  socket.close().catch(() => undefined);
  throw new Failure(`${status} ${code}`, 'a WebSocket (101)');
}

async function expectFrame(socket, type) {
  const frame = await socket.nextJson();
  if (frame?.type !== type) throw new Failure(`a frame of type ${type}`, `one of type ${String(frame?.type)}`);
}

async function expectEnd(socket, code, withinMs) {
  const end = await socket.ended(withinMs);
  if (end.code !== code) throw new Failure(`the socket to end with ${code}`, describeEnd(end));
}
