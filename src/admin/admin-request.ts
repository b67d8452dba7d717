import { validateSync } from 'class-validator';
import type { IncomingMessage } from 'node:http';
import type { Identity } from '../auth/index.js';
import { GatewayError } from '../contract/index.js';
import { resolvePath } from '../routing/index.js';
import { type Exchange, exchangeOf } from '../trace/index.js';

const MAX_FAULTS = 10;
const MAX_NAME = 64;

/** A request of an administrator: the route table demands the role, and so does this, whatever the table says. */
export interface AdminRequest {
  readonly exchange: Exchange;
  readonly admin: Identity;
}

export function hasAdminRole({ roles }: Identity): boolean {
  return roles.includes('admin');
}

/** @throws GatewayError UNAUTHENTICATED or FORBIDDEN */
export function adminRequest(req: IncomingMessage): AdminRequest {
  const exchange = exchangeOf(req);
  const admin = exchange?.identity;
  if (exchange === undefined || admin === undefined)
    throw new GatewayError('UNAUTHENTICATED', { headers: { 'WWW-Authenticate': 'Bearer realm="donna"' } });
  if (!hasAdminRole(admin)) throw new GatewayError('FORBIDDEN');
  return { exchange, admin };
}

/** What follows the route's prefix (`/admin/api/stages/{*path}`) in the address, decoded. */
export function pathTail({ path, route }: Exchange): string {
  const resolved = resolvePath(path);
  const prefix = (route?.match.path ?? '').replace(/\{\*[a-z]+\}$/, '');
  return resolved.kind === 'path' ? resolved.path.slice(prefix.length) : '';
}

/**
 * The fields of a body as a DTO, each of them known, whatever the route table has checked.
 * @throws GatewayError VALIDATION_FAILED with a text per field
 */
export function readFields<T extends object>(body: unknown, Dto: new () => T, known: readonly string[]): T {
  const sent = typeof body === 'object' && body !== null ? Object.entries(body) : [];
  const faults = new Map<string, string>();
  for (const [name] of sent) if (!known.includes(name)) faults.set(name.slice(0, MAX_NAME), 'is not known here');
  const dto = Object.assign(new Dto(), Object.fromEntries(sent.filter(([name]) => known.includes(name))));
  for (const { property, constraints } of validateSync(dto, { validationError: { target: false, value: false } }))
    faults.set(property, Object.values(constraints ?? {})[0] ?? 'is not valid');
  if (faults.size > 0)
    throw new GatewayError('VALIDATION_FAILED', {
      validationErrors: Object.fromEntries([...faults].slice(0, MAX_FAULTS)),
    });
  return dto;
}
