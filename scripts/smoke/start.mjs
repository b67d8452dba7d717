import { randomBytes } from 'node:crypto';
import { HttpClient } from './http-client.mjs';
import { readOptions } from './options.mjs';
import { runChecks, runMain } from './report.mjs';
import { readSettings } from './settings.mjs';
import { accessClaims, signToken } from './token.mjs';

/**
 * Runs one smoke from the command line: reads its options, makes what its checks need, runs them in order.
 * `checks` is a generator of `{name, run}`, given `{client, options, origin, token, forgedTokens}`.
 */
export async function startSmoke({ help, options: known = {}, checks }) {
  await runMain(async (args) => {
    const options = readOptions(args, { origin: { type: 'string' }, ...known });
    if (options.help) {
      process.stdout.write(help);
      return 0;
    }
    const settings = readSettings();
    const subject = `smoke-${randomBytes(6).toString('hex')}`;
    const client = new HttpClient(options.base);
    const token = signToken(settings.secret, accessClaims(settings, subject));
    const code = await runChecks(
      checks({
        client,
        options,
        subject,
        origin: options.origin ?? new URL(options.base).origin,
        token,
        bearer: { Authorization: `Bearer ${token}` },
        forgedTokens: forgedTokens(settings, subject),
      }),
    );
    console.log(`${client.sent} requests were sent to ${options.base}`);
    return code;
  }, help);
}

/** What must be refused, by what is wrong with it. */
function forgedTokens(settings, subject) {
  const claims = accessClaims(settings, subject);
  const signature = randomBytes(32).toString('hex');
  return [
    ['made up', 'a.b.c'],
    ['signed with another secret', signToken(signature, claims)],
    ['expired', signToken(settings.secret, accessClaims(settings, subject, -120))],
    ['unsigned', signToken(settings.secret, claims, { alg: 'none', typ: 'JWT' }, undefined)],
  ];
}
