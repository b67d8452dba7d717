import { randomBytes } from 'node:crypto';
import type { ReplayIdentity } from '../../experiment/index.js';
import { type OperatorAccess, UsageError } from './operator-access.js';
import type { ReplayCommandOptions } from './replay-options.js';

/** Seconds: all of a replay. */
const TOKEN_LIFE_S = 3600;

/**
 * Who stands for the callers of a recording. Each gets an account of its own, new in every run, so that what a replay writes
 * is nobody's; where tokens are not to be made, one test account of each role.
 */
export function replayIdentities(
  { userTokenFile, adminTokenFile }: ReplayCommandOptions,
  { mint, readToken }: OperatorAccess,
  mayMint: boolean,
): (caller: string, recording: string) => ReplayIdentity | undefined {
  const run = randomBytes(6).toString('hex');
  const given = {
    user: userTokenFile === undefined ? undefined : readToken(userTokenFile),
    admin: adminTokenFile === undefined ? undefined : readToken(adminTokenFile),
  };
  const known = new Map<string, ReplayIdentity>();
  let accounts = 0;
  const make = (role: 'user' | 'admin', number: string): ReplayIdentity | undefined => {
    const token = given[role];
    // One account cannot be two people.
    if (token !== undefined)
      return number === '1' ? { authorization: `Bearer ${token}`, known: claimsOf(token) } : undefined;
    const own = {
      subject: `replay-${role}-${++accounts}-${run}`,
      email: `replay-${role}-${accounts}-${run}@donna.example`,
      name: `Replay ${role} ${number}`,
    };
    const minted = mayMint ? mint({ ...own, roles: [role], lifeS: TOKEN_LIFE_S }) : undefined;
    return minted === undefined ? undefined : { authorization: `Bearer ${minted}`, known: own };
  };
  return (caller, recording) => {
    if (caller === 'anonymous') return { authorization: undefined };
    if (caller === 'rejected') return { authorization: 'Bearer rejected' };
    const [, role, number = ''] = /^(user|admin):(\d{1,6})$/.exec(caller) ?? [];
    if (role !== 'user' && role !== 'admin') return undefined;
    const identity = known.get(`${recording} ${caller}`) ?? make(role, number);
    if (identity !== undefined) known.set(`${recording} ${caller}`, identity);
    return identity;
  };
}

/** What a token says of its owner; whoever answers verifies it. */
function claimsOf(token: string): { subject?: string; email?: string; name?: string } {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    const text = (name: string): string | undefined => {
      const value = (claims as Record<string, unknown>)[name];
      return typeof value === 'string' ? value : undefined;
    };
    const [subject, email, name] = [text('sub'), text('email'), text('name')];
    return {
      ...(subject === undefined ? {} : { subject }),
      ...(email === undefined ? {} : { email }),
      ...(name === undefined ? {} : { name }),
    };
  } catch {
    throw new UsageError('A token file must hold an access token (a JWT)');
  }
}
