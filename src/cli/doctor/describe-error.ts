const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there (connection refused)',
  ECONNRESET: 'the connection was cut',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ENOTFOUND: 'the name does not resolve',
  EAI_AGAIN: 'the name service does not answer',
  ETIMEDOUT: 'no answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'no answer in time',
  EPIPE: 'the connection was cut',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from an authority that this machine does not know',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate comes from an authority that this machine does not know',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate chain is incomplete, or of an unknown authority',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS there',
  EPROTO: 'it does not speak TLS there',
};

/** What errors have in common; Node's own are not always instances of this realm's Error. */
interface ErrorFacts {
  readonly message?: unknown;
  readonly code?: unknown;
  readonly name?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
}

/** An error as a few words without addresses; a failure of several tries is told by its first. */
export function describeError(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown reason';
  const { code, name, cause, errors }: ErrorFacts = error;
  if (Array.isArray(errors) && errors.length > 0) return describeError(errors[0]);
  if (typeof code === 'string' && WORDS[code] !== undefined) return WORDS[code];
  if (typeof cause === 'object' && cause !== null) return describeError(cause);
  if (name === 'TimeoutError' || name === 'AbortError') return 'no answer in time';
  return typeof code === 'string' ? code : messageOf(error);
}

/** An error's own message. */
export function messageOf(error: unknown): string {
  const message = typeof error === 'object' && error !== null ? (error as ErrorFacts).message : undefined;
  return typeof message === 'string' && message !== '' ? message : 'unknown reason';
}
