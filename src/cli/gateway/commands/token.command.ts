import { localCommand } from '../command.js';
import { noMore } from '../read-arguments.js';

const MAX_TTL_S = 86_400;

/** `token`: an access token to try things with. */
export const tokenCommand = localCommand(
  {
    name: 'token',
    summary: 'development only: prints an access token (--sub, --role, --ttl)',
    about:
      'Prints an access token of this configuration’s JWT_SECRET, to try things with. In development and test only.',
    usage: [
      ['', 'for the user "developer"'],
      ['--sub eve --role admin --ttl 60', ''],
    ],
    notes:
      '  curl -H "Authorization: Bearer $(npm run --silent gateway -- token)" http://127.0.0.1:3000/api/conversations.php',
    options: {
      sub: { type: 'string', value: '<subject>', about: 'whom it names; else developer' },
      role: { type: 'string', value: '<a,b>', about: 'user, admin; else user' },
      ttl: { type: 'string', value: '<seconds>', about: `how long it holds, 1 to ${MAX_TTL_S}; else 900` },
    },
    exits: 'Exit code: 0 done, 77 in preview and production.',
    read: (words, { sub = 'developer', role = 'user', ttl = '900' }) => {
      noMore(words);
      if (!/^[\w.:@-]{1,128}$/.test(sub)) throw new Error('--sub must be 1 to 128 letters, digits and . : @ _ -');
      const roles = role.split(',');
      if (!roles.every((one) => one === 'user' || one === 'admin'))
        throw new Error('--role must be user, admin or user,admin');
      const lifeS = /^\d{1,6}$/.test(ttl) ? Number(ttl) : 0;
      if (lifeS < 1 || lifeS > MAX_TTL_S) throw new Error(`--ttl must be 1 to ${MAX_TTL_S} seconds`);
      return { subject: sub, roles, lifeS };
    },
  },
  async () => (await import('../token-work.js')).printToken,
);
