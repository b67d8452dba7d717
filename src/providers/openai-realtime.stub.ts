import { createHash } from 'node:crypto';
import { failsAsAsked, openAiError } from './magic-words.js';
import type { ProviderCall } from './provider-call.js';
import { type ClientSecrets, clientSecretRequest, fieldsOf, Refusal, SessionConfig } from './realtime/index.js';

const LIFE_BY_DEFAULT_S = 600;
const MODEL_BY_DEFAULT = 'gpt-realtime';

/**
 * Answers `POST /openai/v1/realtime/client_secrets` in OpenAI's GA shape; the shape of the beta is refused. The secret
 * opens a session at the WebSocket beside it.
 */
export async function makeClientSecret(call: ProviderCall, secrets: ClientSecrets): Promise<void> {
  if (call.header('openai-beta') !== '') {
    const error = 'The Realtime Beta API is no longer supported. Remove the OpenAI-Beta header.';
    return call.json(400, openAiError(error, 'invalid_request_error', 'beta_api_shape_disabled'));
  }
  const body = await call.jsonBody();
  const fault =
    body === undefined
      ? new Refusal('We could not parse the JSON body.', null)
      : clientSecretRequest({ session: {}, ...body }, '');
  if (fault !== undefined) {
    const { message, type, param, code } = fault;
    return call.json(400, { error: { message, type, param, code } });
  }
  const session = fieldsOf(body?.['session']) ?? {};
  if (await failsAsAsked(call, String(session['instructions'] ?? ''))) return;
  const { seconds = LIFE_BY_DEFAULT_S } = fieldsOf(body?.['expires_after']) ?? {};
  const model = typeof session['model'] === 'string' ? session['model'] : MODEL_BY_DEFAULT;
  const { value, expiresAt } = secrets.issue(Number(seconds), { ...session, model });
  const id = `sess_${createHash('sha256').update(value).digest('hex').slice(0, 24)}`;
  const config = new SessionConfig(id, model, 0);
  config.update(session);
  call.json(200, { value, expires_at: expiresAt, session: config.view });
}
