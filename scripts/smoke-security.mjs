// Whoever should not get in does not: the negative paths of access control, checked against a running gateway.
//   npm run smoke:security -- --base URL
// Uses only Node's own modules (Node 20 or newer). Exits 0 when all holds, 1 at the first thing that does not.
import { randomBytes } from 'node:crypto';
import { HttpClient } from './smoke/http-client.mjs';
import { readOptions, UsageError } from './smoke/options.mjs';
import { runChecks, runMain } from './smoke/report.mjs';
import { headerChecks, inspectorFor } from './smoke/security/header-checks.mjs';
import { identityChecks } from './smoke/security/identity-checks.mjs';
import { inputChecks } from './smoke/security/input-checks.mjs';
import { limitChecks } from './smoke/security/limit-checks.mjs';
import { originChecks } from './smoke/security/origin-checks.mjs';
import { readSettings } from './smoke/settings.mjs';
import { accessClaims, signToken } from './smoke/token.mjs';

const HELP = `Checks that nobody gets into a gateway who should not.

  npm run smoke:security -- --base https://gateway.example.com

  --base URL         the gateway
  --origin ORIGIN    an origin that it allows                            the base URL's own
  --proxied PATH     a route that PHP answers, for signed-in users       /api/conversations.php
  --native PATH      the gateway's own sign-in                           /api/auth/token
  --page PATH        an HTML page                                        /login.php
  --max-burst N      how many requests may be sent to meet a limit       500
  --without-realtime leaves out POST /api/realtime/token, where realtime is switched off

Tokens are made with JWT_SECRET (environment, .env, else development's .data/secrets.json) for subjects that exist nowhere.
To meet the limits it sends some hundred requests within a minute, from one address: the limits of those subjects, of one
made-up account and perhaps of this address are used up for a minute, nobody else's.
`;

await runMain(async (args) => {
  const options = readOptions(args, {
    origin: { type: 'string' },
    proxied: { type: 'string', default: '/api/conversations.php' },
    native: { type: 'string', default: '/api/auth/token' },
    page: { type: 'string', default: '/login.php' },
    'max-burst': { type: 'string', default: '500' },
    'without-realtime': { type: 'boolean', default: false },
  });
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const settings = readSettings();
  const maxBurst = Number(options['max-burst']);
  if (!Number.isSafeInteger(maxBurst) || maxBurst < 1) throw new UsageError('--max-burst must be a whole number');
  const ownOrigin = new URL(options.base).origin;
  const client = new HttpClient(options.base, inspectorFor(settings.secret));
  const subject = `smoke-${randomBytes(6).toString('hex')}`;
  const bearerOf = (sub) => ({ Authorization: `Bearer ${signToken(settings.secret, accessClaims(settings, sub))}` });
  const proxied = proxiedRoute(client, options.proxied);
  const parts = {
    client,
    settings,
    subject,
    bearerOf,
    bearer: () => bearerOf(subject),
    ownOrigin,
    origin: options.origin ?? ownOrigin,
    routes: options['without-realtime'] ? [proxied] : [realtimeRoute(client), proxied],
    proxied,
    native: nativeRoute(client, options.native),
    page: options.page,
    maxBurst,
  };
  const code = await runChecks(
    [headerChecks, identityChecks, originChecks, inputChecks, limitChecks].flatMap((checks) => [...checks(parts)]),
  );
  console.log(`${client.sent} requests were sent to ${options.base}`);
  return code;
}, HELP);

function realtimeRoute(client) {
  const path = '/api/realtime/token';
  return {
    name: `POST ${path}`,
    method: 'POST',
    path,
    send: (options) => client.send({ method: 'POST', path, json: {}, ...options }),
    invalid: { json: { model: ['no', 'text'], voice: { no: 'text' } } },
  };
}

function proxiedRoute(client, path) {
  return {
    name: `GET ${path}`,
    method: 'GET',
    path,
    send: (options) => client.send({ path, ...options }),
    invalid: { method: 'POST', json: { title: { no: 'text' }, profile: ['no', 'text'] } },
  };
}

function nativeRoute(client, path) {
  const account = `smoke-${randomBytes(6).toString('hex')}@example.com`;
  const guess = { email: account, password: randomBytes(12).toString('base64url') };
  return {
    name: `POST ${path}`,
    method: 'POST',
    path,
    send: (options) => client.send({ method: 'POST', path, json: {}, ...options }),
    invalid: { json: { email: 'no address', password: '' } },
    /** A sign-in to an account that does not exist. */
    guess,
    forgeries: [
      ['an account that does not exist', guess],
      ['a made-up refresh token', { refresh_token: randomBytes(32).toString('base64url') }],
    ],
  };
}
