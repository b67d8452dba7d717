import type { Exchange } from '../trace/index.js';
import { GatewayError } from './error-catalogue.js';

/** Parses the body for a native handler: JSON or a form; `value` is undefined without a body. Deeper checks are the handler's DTO's. */
export function parseNativeBody({ body, req }: Exchange): { readonly value: unknown } | GatewayError {
  if (body === undefined || body.byteLength === 0) return { value: undefined };
  const mediaType = (req.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (mediaType === 'application/x-www-form-urlencoded') {
    return { value: Object.fromEntries(new URLSearchParams(body.toString('utf8'))) };
  }
  if (mediaType !== 'application/json' && !mediaType.endsWith('+json'))
    return new GatewayError('UNSUPPORTED_MEDIA_TYPE');
  try {
    return { value: JSON.parse(body.toString('utf8')) as unknown };
  } catch {
    return new GatewayError('BAD_REQUEST', { error: 'The body is not valid JSON.' });
  }
}
