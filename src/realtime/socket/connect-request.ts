import { GatewayError } from '../../contract/index.js';
import { parseFrame } from '../protocol/index.js';
import { readTokenRequest, type TokenRequest } from '../token/token-request.dto.js';

/** Models that went with the beta: who still asks for one gets the configured one. */
const BETA_MODEL = /^gpt-4o(-mini)?-realtime-preview/;
const MAX_BYTES = 65_536;

/** What is wrong with a wish to connect, by field. */
export interface ConnectFault {
  readonly fields: Readonly<Record<string, string>>;
}

/** Reads `connect_realtime`, by the allow-lists of the token endpoint; of a deprecated `connect` the same fields, and no others. */
export function readConnectRequest(
  frame: Buffer,
  configuredModel: string,
  isDeprecated: boolean,
): TokenRequest | ConnectFault {
  if (frame.byteLength > MAX_BYTES) return { fields: { frame: `must be at most ${MAX_BYTES} bytes` } };
  const event = parseFrame(frame);
  if (event === undefined) return { fields: { frame: 'must be a JSON object' } };
  const { type: _type, event_id: _eventId, ...wanted } = event;
  try {
    return readTokenRequest(isDeprecated ? ofOldClient(wanted, configuredModel) : wanted, configuredModel);
  } catch (error) {
    if (error instanceof GatewayError) return { fields: error.validationErrors ?? {} };
    throw error;
  }
}

function ofOldClient(
  { model, voice, instructions }: Readonly<Record<string, unknown>>,
  configuredModel: string,
): object {
  const isGone = typeof model === 'string' && BETA_MODEL.test(model);
  return { model: isGone ? configuredModel : model, voice, instructions };
}
