/** What the gateway itself says to a client. Errors have the shape of OpenAI's, so that one reader is enough. */
export const frames = {
  authenticated: encode({ type: 'auth_success' }),
  notAuthenticated: encode({ type: 'auth_error', error: 'The access token does not hold.' }),
  cannotAuthenticate: encode({ type: 'auth_error', error: 'Access tokens cannot be checked at the moment.' }),
  deprecation: encode({ type: 'deprecation', use: 'connect_realtime' }),
  connected: (model: string) => encode({ type: 'realtime_connected', model }),
  upstreamClosed: (code: number, message: string) => encode({ type: 'upstream_closed', code, message }),
  error: (code: ErrorFrameCode, message: string, details: object = {}) =>
    encode({ type: 'error', error: { type: 'gateway_error', code, message, ...details } }),
} as const;

/** Why a frame is not passed on. */
export type ErrorFrameCode =
  | 'already_authenticated'
  | 'already_connected'
  | 'binary_frame'
  | 'event_not_allowed'
  | 'invalid_json'
  | 'missing_type'
  | 'not_connected'
  | 'too_many_connects'
  | 'too_many_sessions'
  | 'validation_failed';

function encode(frame: object): Buffer {
  return Buffer.from(JSON.stringify(frame));
}
