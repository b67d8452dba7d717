/** A call that brought no answer, or one that says no. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    message: string,
    /** 0 where nothing was answered. */
    readonly status: number,
    readonly code: string | undefined = undefined,
    readonly traceId: string | undefined = undefined,
    /** What is wrong with which field of a form. */
    readonly fields: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

interface ErrorBody {
  readonly error?: unknown;
  readonly errorCode?: unknown;
  readonly traceId?: unknown;
  readonly validationErrors?: unknown;
}

/** Reads the gateway's error envelope, or what somebody in between answered instead. */
export function toApiError(status: number, body: unknown): ApiError {
  const { error, errorCode, traceId, validationErrors } = (
    typeof body === 'object' && body !== null ? body : {}
  ) as ErrorBody;
  const fields = toFields(validationErrors);
  const told = Object.entries(fields).map(([name, problem]) => `${name} ${problem}`);
  const text = typeof error === 'string' ? error : `The gateway answered ${status}.`;
  return new ApiError(
    told.length === 0 ? text : `${text} ${told.join('; ')}.`,
    status,
    typeof errorCode === 'string' ? errorCode : undefined,
    typeof traceId === 'string' ? traceId : undefined,
    fields,
  );
}

function toFields(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([name, problem]) => [name, String(problem)]));
}
