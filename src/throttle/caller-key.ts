import { createHmac } from 'node:crypto';
import type { Identity } from '../auth/index.js';
import { GatewayError } from '../contract/index.js';
import { networkOf } from '../edge/index.js';
import { type RateLimitPolicy, readField } from '../routing/index.js';
import type { Exchange } from '../trace/index.js';

/** Different values under one name that are counted, each for itself; a request with more is refused. */
const MAX_VALUES = 4;

/**
 * Whom a limit counts, as keys. Addresses come from the connection and trusted proxies alone. Who somebody is, and what
 * a field says, is in them only as an HMAC: neither memory nor Redis holds an e-mail address for being counted.
 */
export class CallerKeys {
  private readonly subjects = new WeakMap<Identity, string>();

  /** `secret` is the same in every gateway that counts together. */
  constructor(private readonly secret: string) {}

  /** The key, or the keys where a field names several; none where a field that the policy asks for names nobody. Refuses with 400 what PHP might read and we cannot. */
  of(policy: RateLimitPolicy, exchange: Exchange): string | readonly string[] | GatewayError {
    const prefix = policy.counts === 'route' ? `${exchange.route?.name ?? ''} ` : '';
    if (policy.field !== undefined) {
      const named = this.ofField(policy.field, exchange, prefix);
      if (policy.per === 'field' || named instanceof GatewayError || named.length === 0) return named;
    }
    return prefix + (policy.per === 'identity' ? this.ofCaller(exchange) : ofAddress(exchange));
  }

  /** Who calls: the identity, or the address of who has none. */
  ofCaller({ identity, client }: Exchange): string {
    if (identity === undefined) return ofAddress({ client });
    const known = this.subjects.get(identity);
    if (known !== undefined) return known;
    const made = `id:${this.hash('subject', identity.subject)}`;
    this.subjects.set(identity, made);
    return made;
  }

  private ofField(name: string, exchange: Exchange, prefix: string): readonly string[] | GatewayError {
    const readings = readField(exchange, name);
    if (readings.kind === 'refused') return new GatewayError('BAD_REQUEST', { error: readings.problem });
    const values = new Set<string>();
    for (const reading of readings.values) {
      // A list or a number may still name somebody, in ways that only the script knows.
      if (reading.kind === 'not-scalar')
        return new GatewayError('BAD_REQUEST', { error: `Send "${name}" as a single text value.` });
      const value = reading.kind === 'value' ? plainSpelling(reading.value) : '';
      if (value !== '') values.add(value);
    }
    if (values.size > MAX_VALUES)
      return new GatewayError('BAD_REQUEST', { error: `The request gives "${name}" different values: send one.` });
    // A request that names nobody is none about an account: a token that is refreshed is no attempt to sign in.
    if (values.size === 0) return [];
    return Array.from(values, (value) => `${prefix}${name}:${this.hash(name, value)}`);
  }

  private hash(kind: string, value: string): string {
    return createHmac('sha256', this.secret).update(`rate limit\0${kind}\0${value}`).digest('base64url');
  }
}

export function ofAddress({ client }: Pick<Exchange, 'client'>): string {
  return `ip:${networkOf(client.address)}`;
}

/**
 * One spelling for all that a database may take for the same: case, width, accents (collations ignore them), invisible
 * letters, blanks around. That now and then two accounts count as one does no harm; one that counts as many would.
 */
function plainSpelling(value: string): string {
  return value
    .normalize('NFKD')
    .replace(/[\p{M}\p{Cc}\p{Cf}]/gu, '')
    .toLowerCase()
    .trim();
}
