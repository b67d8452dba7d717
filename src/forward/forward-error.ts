import { GatewayError } from '../contract/index.js';

/**
 * An expected failure of a call to the upstream, as a value: how far the call had come, and why it went no further.
 * `request`: the head of the answer had not begun. `answer`: it had.
 */
export interface ForwardError {
  readonly stage: 'connect' | 'request' | 'answer';
  readonly cause:
    | 'refused'
    | 'timeout'
    | 'reset'
    | 'malformed'
    | 'unwritable'
    | 'secret'
    | 'breaker-open'
    | 'no-place'
    | 'client-left'
    | 'body-too-large'
    | 'body-stalled'
    | 'body-cut-short';
}

/** Whether the failure says something about the target's health; a client's fault and a slow endpoint's do not. */
export function countsAgainstTarget({ stage, cause }: ForwardError): boolean {
  if (cause === 'timeout') return stage === 'connect';
  return cause === 'refused' || cause === 'reset' || cause === 'malformed';
}

/**
 * Whether a safe request without a body may be sent once more: nothing of an answer has arrived, and the first
 * attempt did not spend the client's patience already.
 */
export function mayRetry({ stage, cause }: ForwardError): boolean {
  return (
    stage !== 'answer' &&
    (cause === 'refused' ||
      cause === 'reset' ||
      cause === 'breaker-open' ||
      (stage === 'connect' && cause === 'timeout'))
  );
}

/** The answer that the client gets: contract section 1, status 502, 503 or 504. */
export function toClientError({ cause, stage }: ForwardError, retryAfterS: number): GatewayError {
  switch (cause) {
    case 'timeout':
      return new GatewayError('UPSTREAM_TIMEOUT');
    case 'breaker-open':
      return new GatewayError('UPSTREAM_UNAVAILABLE', { headers: { 'Retry-After': String(retryAfterS) } });
    case 'no-place':
      return new GatewayError('UPSTREAM_UNAVAILABLE', {
        error: 'Too many requests are under way here. Try again in a moment.',
        headers: { 'Retry-After': '1' },
      });
    case 'refused':
      return new GatewayError('UPSTREAM_BAD_ANSWER', {
        error: 'The application cannot be reached.',
        headers: { 'Retry-After': String(retryAfterS) },
      });
    case 'reset':
      return new GatewayError('UPSTREAM_BAD_ANSWER', {
        error:
          stage === 'answer'
            ? 'The application broke off its answer.'
            : 'The application closed the connection without an answer.',
      });
    case 'malformed':
    case 'unwritable':
    case 'secret':
      return new GatewayError('UPSTREAM_BAD_ANSWER');
    case 'body-too-large':
      return new GatewayError('PAYLOAD_TOO_LARGE');
    case 'body-stalled':
      return new GatewayError('REQUEST_TIMEOUT', { closeConnection: true });
    case 'client-left':
    case 'body-cut-short':
      return new GatewayError('BAD_REQUEST', { error: 'The body was cut short.', closeConnection: true });
  }
}

interface SystemError {
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
}

/** Classifies what Node's http client or undici report. Matches error codes, never texts. */
export function classifyFault(error: unknown, answerBegan: boolean): ForwardError {
  const code = codeOf(error);
  const stage = answerBegan ? 'answer' : 'request';
  switch (code) {
    case 'ECONNREFUSED':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'CERT_HAS_EXPIRED':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return { stage: 'connect', cause: 'refused' };
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return { stage: answerBegan ? 'answer' : 'connect', cause: 'timeout' };
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return { stage, cause: 'timeout' };
    case 'BODY_TOO_LARGE':
      return { stage, cause: 'body-too-large' };
    case 'BODY_STALLED':
      return { stage, cause: 'body-stalled' };
    case 'BODY_CUT_SHORT':
      return { stage, cause: 'body-cut-short' };
    case 'UND_ERR_HEADERS_OVERFLOW':
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      return { stage, cause: 'malformed' };
    default:
      return { stage, cause: code?.startsWith('HPE_') === true ? 'malformed' : 'reset' };
  }
}

/**
 * Connection attempts to several addresses fail with one error that holds one per address. Told by shape: an error that
 * another realm made (a worker, a test's sandbox) is no instance of this one's `Error`.
 */
function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, cause, errors } = error as SystemError;
  if (errors !== undefined && errors.length > 0) return codeOf(errors[0]);
  return typeof code === 'string' ? code : codeOf(cause);
}
