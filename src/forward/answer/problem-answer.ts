import { codeForStatus, GatewayError, isErrorCode, problemDetails } from '../../contract/index.js';

/** An error that PHP told in the envelope, as RFC 9457 problem details with the same facts. `envelope` is a JSON object. */
export function problemFrom(envelope: Buffer, status: number, traceId: string): Buffer {
  const { error, errorCode, validationErrors } = JSON.parse(envelope.toString('utf8')) as Record<string, unknown>;
  const code = typeof errorCode === 'string' && isErrorCode(errorCode) ? errorCode : codeForStatus(status);
  const problem = new GatewayError(code, {
    status,
    ...(typeof error === 'string' ? { error } : {}),
    ...(isTexts(validationErrors) ? { validationErrors } : {}),
  });
  return Buffer.from(problemDetails(problem, traceId));
}

function isTexts(value: unknown): value is Record<string, string> {
  return typeof value === 'object' && value !== null && Object.values(value).every((text) => typeof text === 'string');
}
