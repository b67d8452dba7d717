import type { IncomingMessage } from 'node:http';
import type { ClientSecrets } from './client-secrets.js';
import { MagicWords } from './magic-words.js';
import { Refusal } from './refusal.js';
import { isModel } from './session-config.js';
import type { Fields } from './shape.js';

/** Where the WebSocket is. */
export const REALTIME_PATH = '/openai/v1/realtime';
/** The subprotocol that the server takes. */
export const SUBPROTOCOL = 'realtime';

const KEY_SUBPROTOCOL = 'openai-insecure-api-key.';

/** A connection that is taken. `ended`: it is taken to be told an error, and closed with a code. */
export interface Taken {
  readonly model: string;
  /** What the session begins with, as its client secret has it. */
  readonly session: Fields;
  readonly ended: { readonly refusal: Refusal; readonly code: number } | undefined;
}

/** A connection that is refused before the upgrade. */
export interface Refused {
  readonly status: number;
  readonly refusal: Refusal;
}

/** Looks at an upgrade as OpenAI does: the key or client secret by header or subprotocol, the model, no beta. */
export function readHandshake(request: IncomingMessage, secrets: ClientSecrets): Taken | Refused {
  const url = new URL(`http://stub${request.url ?? '/'}`);
  const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim());
  const key = keyOf(request, protocols);
  if (key === undefined) return refused(401, 'Missing bearer or basic authentication in header', null);
  const session = key.startsWith('ek_') ? secrets.redeem(key) : {};
  if (session instanceof Refusal) return { status: 401, refusal: session };
  const words = new MagicWords(`${key} ${String(session['instructions'] ?? '')}`);
  const status = words.value('upgrade', 500);
  if (status !== undefined) return refusedAsAsked(status);
  const model = url.searchParams.get('model') ?? session['model'];
  if (typeof model !== 'string' || model === '')
    return refused(400, 'You must provide a model parameter.', 'missing_model');
  return { model, session, ended: endOf(request, protocols, model, words) };
}

function keyOf(request: IncomingMessage, protocols: readonly string[]): string | undefined {
  const [, bearer] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '') ?? [];
  const named = protocols.find((one) => one.startsWith(KEY_SUBPROTOCOL))?.slice(KEY_SUBPROTOCOL.length);
  const key = bearer ?? named;
  return key === '' ? undefined : key;
}

/** OpenAI tells these after the upgrade: the reason of the close is the error's type and code. */
function endOf(
  request: IncomingMessage,
  protocols: readonly string[],
  model: string,
  words: MagicWords,
): Taken['ended'] {
  const isBeta = request.headers['openai-beta'] !== undefined || protocols.includes('openai-beta.realtime-v1');
  if (isBeta) {
    const message = 'The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API.';
    return { refusal: new Refusal(message, 'beta_api_shape_disabled'), code: 4000 };
  }
  if (words.has('badkey'))
    return { refusal: new Refusal('Incorrect API key provided.', 'invalid_api_key'), code: 3000 };
  if (isModel(model)) return undefined;
  const message = `The model \`${model.slice(0, 60)}\` does not exist or you do not have access to it.`;
  return { refusal: new Refusal(message, 'model_not_found'), code: 4004 };
}

function refused(status: number, message: string, code: string | null): Refused {
  return { status, refusal: new Refusal(message, code) };
}

function refusedAsAsked(status: number): Refused {
  if (status === 401) return refused(401, 'Incorrect API key provided.', 'invalid_api_key');
  if (status === 429) return refused(429, 'Rate limit reached. Please try again in 2s.', 'rate_limit_exceeded');
  const message = 'The server had an error while processing your request.';
  const isStatus = status >= 400 && status <= 599;
  return { status: isStatus ? status : 500, refusal: new Refusal(message, null, null, 'server_error') };
}
