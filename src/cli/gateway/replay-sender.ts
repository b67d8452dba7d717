import { request } from 'undici';
import {
  type Answer,
  ARM_AUTHORITY_HEADER,
  ARM_HEADER,
  type Fixture,
  type RenderedRequest,
  type ReplayIdentity,
} from '../../experiment/index.js';
import type { RouteAddresses } from './route-addresses.js';

const TIMEOUT_MS = 30_000;
const MAX_BYTES = 1_048_576;

/** Where a replay is sent, and with what right it chooses who answers there. */
export interface ReplayTarget {
  /** Without a slash at its end. */
  readonly base: string;
  /** Undefined where no arm is chosen. */
  readonly arm: { readonly name: 'native' | 'php'; readonly adminToken: () => string } | undefined;
  /** Routes that have both arms: an answer that does not say which one gave it tells nothing. */
  readonly hasBothArms: (route: string) => boolean;
  /** Whether a path is one of the route's; undefined where no gateway is there to say. */
  readonly addresses: RouteAddresses | undefined;
}

/** Sends one request of a replay. @throws Error that says why no answer came, without a value of the request */
export async function sendReplay(
  { base, arm, hasBothArms, addresses }: ReplayTarget,
  { method, target, headers, body, identity }: RenderedRequest & { readonly identity: ReplayIdentity },
  { route }: Fixture,
): Promise<Answer> {
  if (addresses?.isOf(route, target) === false) throw new UntoldError(`its address is not one of ${route}`);
  const startedAt = performance.now();
  const chooses = arm !== undefined && hasBothArms(route);
  try {
    const answer = await request(base + target, {
      method,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      body: body ?? null,
      headers: {
        ...headers,
        'accept-encoding': 'identity',
        ...(identity.authorization === undefined ? {} : { authorization: identity.authorization }),
        ...(chooses ? { [ARM_HEADER]: arm.name, [ARM_AUTHORITY_HEADER]: `Bearer ${arm.adminToken()}` } : {}),
      },
    });
    const bytes: Buffer[] = [];
    let length = 0;
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      length += chunk.byteLength;
      if (length > MAX_BYTES) break;
      bytes.push(chunk);
    }
    const said = answer.headers[ARM_HEADER.toLowerCase()];
    if (chooses && said !== arm.name && (said !== undefined || answer.statusCode < 400))
      throw new UntoldError(`the gateway did not let this request choose ${arm.name}`);
    const type = answer.headers['content-type'];
    return {
      status: answer.statusCode,
      headers: Object.entries(answer.headers).flatMap(([name, value]) =>
        (Array.isArray(value) ? value : [value ?? '']).map((one): [string, string] => [name, one]),
      ),
      body: Buffer.concat(bytes),
      contentType: Array.isArray(type) ? type[0] : type,
      ms: performance.now() - startedAt,
      isCutShort: length > MAX_BYTES,
    };
  } catch (error) {
    if (error instanceof UntoldError) throw error;
    const { code, name } = error as NodeJS.ErrnoException;
    throw new Error(`no answer came (${code ?? name})`, { cause: error });
  }
}

/** Says by itself why there is no answer. */
class UntoldError extends Error {}
