/** Every error code a client can see, with its status and the text that is shown when nothing better is known. */
export const ERROR_CATALOGUE = {
  BAD_REQUEST: { status: 400, error: 'The request is malformed.' },
  UNAUTHENTICATED: { status: 401, error: 'Sign in or send a valid access token.' },
  FORBIDDEN: { status: 403, error: 'You are not allowed to do this.' },
  ORIGIN_DENIED: { status: 403, error: 'Requests from this origin are not allowed.' },
  CSRF_FAILED: { status: 403, error: 'The request carries no proof that it comes from this site.' },
  NOT_FOUND: { status: 404, error: 'There is nothing at this address.' },
  METHOD_NOT_ALLOWED: { status: 405, error: 'This address does not accept this method.' },
  REQUEST_TIMEOUT: { status: 408, error: 'The request took too long to arrive.' },
  GONE: { status: 410, error: 'This address has been retired.' },
  PAYLOAD_TOO_LARGE: { status: 413, error: 'The body is larger than this address accepts.' },
  URI_TOO_LONG: { status: 414, error: 'The address is too long.' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, error: 'This address does not accept this type of body.' },
  VALIDATION_FAILED: { status: 422, error: 'Some fields are not valid.' },
  RATE_LIMITED: { status: 429, error: 'Too many requests. Try again later.' },
  HEADERS_TOO_LARGE: { status: 431, error: 'The request headers are too large.' },
  INTERNAL: { status: 500, error: 'Something went wrong on our side.' },
  UPSTREAM_BAD_ANSWER: { status: 502, error: 'The application gave no usable answer.' },
  UPSTREAM_UNAVAILABLE: { status: 503, error: 'The application is not available at the moment.' },
  MAIL_NOT_CONFIGURED: { status: 503, error: 'Sending mail is not configured.' },
  REALTIME_DISABLED: { status: 503, error: 'Realtime is switched off.' },
  FANOUT_DISABLED: { status: 503, error: 'The fan-out is switched off.' },
  UPSTREAM_TIMEOUT: { status: 504, error: 'The application took too long to answer.' },
} as const satisfies Record<string, { readonly status: number; readonly error: string }>;

export type ErrorCode = keyof typeof ERROR_CATALOGUE;

export interface GatewayErrorDetails {
  /** Short text, safe to show; the catalogue's when left out. */
  readonly error?: string;
  /** Status other than the catalogue's, e.g. a dead upstream is UPSTREAM_UNAVAILABLE with 502. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly validationErrors?: Readonly<Record<string, string>>;
  /** The rest of the request cannot be read: the connection is closed after the answer. */
  readonly closeConnection?: boolean;
}

/** A refusal or failure as the client will see it. Policies return it, native handlers may throw it. */
export class GatewayError extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly validationErrors: Readonly<Record<string, string>> | undefined;
  readonly closeConnection: boolean;

  constructor(
    readonly code: ErrorCode,
    details: GatewayErrorDetails = {},
  ) {
    // A refusal is no fault of the code: nobody reads its stack, which costs a flood of refusals a tenth of their time.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(details.error ?? ERROR_CATALOGUE[code].error);
    Error.stackTraceLimit = stackTraceLimit;
    this.name = 'GatewayError';
    this.status = details.status ?? ERROR_CATALOGUE[code].status;
    this.headers = details.headers ?? {};
    this.validationErrors = details.validationErrors;
    this.closeConnection = details.closeConnection ?? false;
  }
}

/** Whether a text is one of the catalogue's codes. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_CATALOGUE, text);
}

/** The code that stands for an HTTP status when nothing more is known; INTERNAL for an unknown 5xx, BAD_REQUEST for an unknown 4xx. */
export function codeForStatus(status: number): ErrorCode {
  switch (status) {
    case 401:
      return 'UNAUTHENTICATED';
    case 403:
      return 'FORBIDDEN';
    case 404:
      return 'NOT_FOUND';
    case 405:
      return 'METHOD_NOT_ALLOWED';
    case 408:
      return 'REQUEST_TIMEOUT';
    case 410:
      return 'GONE';
    case 413:
      return 'PAYLOAD_TOO_LARGE';
    case 414:
      return 'URI_TOO_LONG';
    case 415:
      return 'UNSUPPORTED_MEDIA_TYPE';
    case 422:
      return 'VALIDATION_FAILED';
    case 429:
      return 'RATE_LIMITED';
    case 431:
      return 'HEADERS_TOO_LARGE';
    case 502:
      return 'UPSTREAM_BAD_ANSWER';
    case 503:
      return 'UPSTREAM_UNAVAILABLE';
    case 504:
      return 'UPSTREAM_TIMEOUT';
    default:
      return status >= 500 ? 'INTERNAL' : 'BAD_REQUEST';
  }
}
