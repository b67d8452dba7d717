import { type ClientConfig, fieldsOf } from './client-config.js';
import type { Environment } from './environment.js';
import { type Frame, LinkEndedError, SocketLink } from './socket-link.js';
import { type ClientSecret, sayable, type Wishes } from './token-source.js';
import { VoiceError } from './voice-error.js';

const KEY_REFUSED = 3000;
const OPEN_MS = 10_000;
/** For each answer of the handshake after that. */
const STEP_MS = 10_000;

/** Straight to the provider, with a client secret. @throws VoiceError or LinkEndedError */
export async function openDirect(
  environment: Environment,
  { providerUrl, model }: ClientConfig,
  secret: ClientSecret,
  left: AbortSignal,
): Promise<SocketLink> {
  const url = new URL(providerUrl);
  url.searchParams.set('model', secret.model ?? model);
  // A browser's WebSocket takes no header: the provider reads the secret from the subprotocols.
  const protocols = ['realtime', `openai-insecure-api-key.${secret.value}`];
  return shake(new SocketLink(environment, url.href, protocols, 'direct'), left, async (link) => {
    await link.opened(OPEN_MS);
    const frame = await link.waitFor(({ type }) => type === 'session.created' || type === 'error', STEP_MS);
    if (frame.type === 'error') throw faultOf(frame);
    return frame;
  });
}

/** Through the gateway's `/realtime`, with an access token. @throws VoiceError or LinkEndedError */
export async function openProxy(
  environment: Environment,
  socketUrl: string,
  { token, wishes }: { readonly token: string; readonly wishes: Wishes },
  left: AbortSignal,
): Promise<SocketLink> {
  return shake(new SocketLink(environment, socketUrl, [], 'proxy'), left, async (link) => {
    await link.opened(OPEN_MS);
    link.send({ type: 'authenticate', token });
    // After `auth_error` the gateway closes with 4003, which says it all.
    await link.waitFor(({ type }) => type === 'auth_success', STEP_MS);
    link.send({ type: 'connect_realtime', ...sayable(wishes) });
    const frame = await link.waitFor(({ type }) => CONNECTED.has(type), STEP_MS);
    if (frame.type !== 'realtime_connected') throw faultOf(frame);
  });
}

const CONNECTED = new Set(['realtime_connected', 'upstream_closed', 'error']);

/** A provider says in an event that it does not know the secret, and the gateway that it does not take a voice. */
function faultOf({ error }: Frame): Error {
  const { code } = fieldsOf(error);
  if (code === 'invalid_api_key') return new LinkEndedError(KEY_REFUSED);
  return new VoiceError(code === 'validation_failed' ? 'refused' : 'network');
}

/** Goes through a handshake; the link that fails it, or is no longer wanted, is closed. */
async function shake(
  link: SocketLink,
  left: AbortSignal,
  steps: (link: SocketLink) => Promise<unknown>,
): Promise<SocketLink> {
  const leave = () => link.close();
  left.addEventListener('abort', leave, { once: true });
  try {
    if (left.aborted) throw new VoiceError('ended');
    await steps(link);
    return link;
  } catch (error) {
    link.close();
    throw error;
  } finally {
    left.removeEventListener('abort', leave);
  }
}
