import { validateSync } from 'class-validator';
import { GatewayError } from '../../contract/index.js';
import type { Exchange } from '../../trace/index.js';

const MAX_FAULTS = 10;
const MAX_NAME = 64;

/**
 * The fields of a JSON or form body as a DTO: each of them known, sent once, and a text. Stricter than PHP's reading of the
 * same bytes, so that nobody in front who counts by a field can have seen another value.
 * @throws GatewayError BAD_REQUEST, UNSUPPORTED_MEDIA_TYPE or VALIDATION_FAILED
 */
export function readSentFields<T extends object>(exchange: Exchange, Dto: new () => T, known: readonly string[]): T {
  if (exchange.search.length > 1)
    throw new GatewayError('BAD_REQUEST', { error: 'Send the fields in the body, not in the address.' });
  const faults: [string, string][] = [];
  const fields = new Map<string, string>();
  for (const [name, value] of entriesOf(exchange)) {
    const shown = name.slice(0, MAX_NAME);
    if (!known.includes(name)) faults.push([shown, `is not known here; known: ${known.join(', ')}`]);
    else if (fields.has(name)) faults.push([shown, 'is sent twice']);
    else if (typeof value !== 'string') faults.push([shown, 'must be text']);
    else fields.set(name, value);
    if (faults.length >= MAX_FAULTS) break;
  }
  const dto = Object.assign(new Dto(), Object.fromEntries(fields));
  for (const { property, constraints } of validateSync(dto, { validationError: { target: false, value: false } }))
    faults.push([property, (Object.values(constraints ?? {})[0] ?? 'is not valid').replace(`${property} `, '')]);
  if (faults.length > 0) throw new GatewayError('VALIDATION_FAILED', { validationErrors: Object.fromEntries(faults) });
  return dto;
}

function entriesOf({ body, req }: Exchange): Iterable<[string, unknown]> {
  if (body === undefined || body.byteLength === 0) return [];
  if ((req.headers['content-encoding'] ?? 'identity') !== 'identity') throw new GatewayError('UNSUPPORTED_MEDIA_TYPE');
  const mediaType = /^[^;]*/
    .exec(req.headers['content-type'] ?? '')?.[0]
    .trim()
    .toLowerCase();
  if (mediaType === 'application/x-www-form-urlencoded') return new URLSearchParams(body.toString('utf8'));
  if (mediaType !== 'application/json') throw new GatewayError('UNSUPPORTED_MEDIA_TYPE');
  const document = parse(body);
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw new GatewayError('BAD_REQUEST', { error: 'The body must be a JSON object.' });
  return Object.entries(document);
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new GatewayError('BAD_REQUEST', { error: 'The body is not valid JSON.' });
  }
}
