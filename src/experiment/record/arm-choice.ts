import type { JwtVerifier } from '../../auth/index.js';
import type { Exchange } from '../../trace/index.js';

/** Header by which an administrator says who answers: `native` or `php`. It ends here: PHP never sees it. */
export const ARM_HEADER = 'X-Donna-Arm';
/** Header with an administrator's access token (`Bearer …`), for a request whose own caller is somebody else. */
export const ARM_AUTHORITY_HEADER = 'X-Donna-Arm-Authorization';

export type ChosenArm = 'native' | 'php';

const [ARM, AUTHORITY] = [ARM_HEADER.toLowerCase(), ARM_AUTHORITY_HEADER.toLowerCase()] as const;
const ARMS: readonly string[] = ['native', 'php'] satisfies readonly ChosenArm[];

/**
 * Which arm a request may choose, by an administrator's right; undefined where it asks for none, or has no right to: then it
 * is answered as any other. The choice is told to the client and to the access log, with who made it.
 */
export function readArmChoice(
  exchange: Exchange,
  jwt: Pick<JwtVerifier, 'verify'>,
): Promise<ChosenArm | undefined> | undefined {
  const asked = exchange.req.headers[ARM];
  return asked === undefined ? undefined : findChoice(exchange, jwt, asked);
}

async function findChoice(
  exchange: Exchange,
  jwt: Pick<JwtVerifier, 'verify'>,
  asked: string | string[],
): Promise<ChosenArm | undefined> {
  if (typeof asked !== 'string' || !isArm(asked)) return undefined;
  const by = await administratorOf(exchange, jwt);
  if (by === undefined) return undefined;
  exchange.notes.chosenArm = asked;
  exchange.notes.chosenBy = by;
  exchange.setAnswerHeader(ARM_HEADER, asked);
  return asked;
}

/**
 * A browser's session is not enough for the caller's own right: a page of another site cannot set the header, but what runs
 * in a page of this site could.
 */
async function administratorOf(
  { identity, req }: Exchange,
  jwt: Pick<JwtVerifier, 'verify'>,
): Promise<string | undefined> {
  const sent = req.headers[AUTHORITY];
  if (sent === undefined) {
    return identity?.via === 'jwt' && identity.roles.includes('admin') ? identity.subject : undefined;
  }
  const token = typeof sent === 'string' ? /^Bearer ([^\s]{1,8192})$/.exec(sent)?.[1] : undefined;
  const admin = token === undefined ? undefined : await jwt.verify(token);
  return admin?.roles.includes('admin') === true ? admin.subject : undefined;
}

function isArm(text: string): text is ChosenArm {
  return ARMS.includes(text);
}
