import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import type { GatewayConfig } from '../../../config/index.js';
import { settingsWithoutEffect } from '../../settings-without-effect.js';
import { type Check, type CheckResult, fault, ok, warning } from '../check.js';
import type { DoctorFacts } from '../doctor-facts.js';
import { isLoopback } from './connection.js';

/** What the settings say by themselves, nobody being asked. */
export function settingsChecks({ config }: DoctorFacts): readonly Check[] {
  return [
    { name: 'settings', run: () => judgeSettings(config) },
    { name: 'origins', run: () => judgeOrigins(config) },
    { name: 'proxies', run: () => [judgeProxies(config)] },
    { name: 'secrets', run: () => judgeSecrets(config) },
    { name: 'csp', run: () => [judgeCsp(config)] },
  ];
}

function* judgeSettings(config: GatewayConfig): Generator<CheckResult> {
  yield ok('settings', `all valid, for ${config.environment}`);
  if (config.workers > 1) yield judgeWorkers(config.workers);
  for (const text of config.warnings) {
    // The proxies have a line of their own.
    if (!text.startsWith('TRUSTED_PROXIES ')) yield warning('settings', text, 'correct it in the environment or .env');
  }
  if (config.environment === 'production' && config.redis.url === undefined) {
    yield warning(
      'settings',
      'REDIS_URL is not set: a restart forgets refresh tokens and revocations, and several instances count apart',
      'set REDIS_URL where mobile clients sign in, or where more than one instance serves',
    );
  }
  for (const text of settingsWithoutEffect(config))
    yield warning('settings', text, 'do not rely on it in this release');
}

function judgeWorkers(workers: number): CheckResult {
  const cores = availableParallelism();
  const found = `${workers} processes serve`;
  if (workers <= cores) return ok('settings', found);
  return warning('settings', `${found} on ${cores} cores`, 'set GATEWAY_WORKERS to the number of cores at most');
}

function* judgeOrigins({ origins, environment, http }: GatewayConfig): Generator<CheckResult> {
  const { allowed } = origins;
  if (allowed.includes('*')) return;
  yield ok('origins', allowed.length === 0 ? "the gateway's own alone" : `${allowed.length} besides the gateway's own`);
  for (const origin of allowed) {
    // Told among the settings already.
    if (origin === 'null') continue;
    const { protocol, hostname, port } = new URL(origin);
    const local = isLoopback({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) });
    if (environment === 'production' && local) {
      yield warning(
        'origins',
        `${origin} is allowed in production: any program on a user's machine can serve pages there`,
        'take it out of ALLOWED_ORIGINS',
      );
    } else if (environment === 'production' && protocol === 'http:') {
      yield warning(
        'origins',
        `${origin} is not encrypted: whoever is on the way can put scripts into its pages`,
        'serve it over https:// and name that in ALLOWED_ORIGINS',
      );
    }
    if (local && Number(port) === http.port)
      yield ok('origins', `${origin} is the gateway's own, which is always allowed: it need not be named`);
  }
}

function judgeProxies({ http }: GatewayConfig): CheckResult {
  const { trustedProxies, host } = http;
  const tooWide = trustedProxies.filter((range) => widthOf(range) === 'all');
  if (tooWide.length > 0) {
    return fault(
      'proxies',
      `TRUSTED_PROXIES trusts everybody (${tooWide.join(', ')}): any client chooses the address it is seen under, past every limit`,
      'name the addresses of your proxies alone',
    );
  }
  const wide = trustedProxies.filter((range) => widthOf(range) === 'wide');
  if (wide.length > 0)
    return warning('proxies', `${wide.join(', ')} is very wide`, 'name the addresses of your proxies alone');
  if (trustedProxies.length === 0 && !isLoopback({ host, port: 0 })) {
    return warning(
      'proxies',
      `HOST ${host} is reachable by others and no proxy is trusted`,
      'behind a proxy or load balancer set TRUSTED_PROXIES to its addresses, else all clients share its limits; without one this is right',
    );
  }
  return ok('proxies', trustedProxies.length === 0 ? 'none trusted' : `${trustedProxies.length} trusted`);
}

/** Wider than any private block (10.0.0.0/8, fc00::/7) is no network of one's own. */
function widthOf(range: string): 'all' | 'wide' | 'fine' {
  const [address = '', prefix] = range.split('/');
  if (prefix === undefined) return 'fine';
  if (Number(prefix) <= 1) return 'all';
  return Number(prefix) < (isIP(address) === 6 ? 7 : 8) ? 'wide' : 'fine';
}

const HOUR_S = 3600;

function* judgeSecrets({ jwt, identity, environment }: GatewayConfig): Generator<CheckResult> {
  const secrets = [['JWT_SECRET', jwt.secret] as const, ['GATEWAY_IDENTITY_SECRET', identity.secret] as const];
  for (const [name, secret] of secrets) {
    if (secret === undefined) continue;
    // Weak ones are told among the settings.
    yield ok('secrets', `${name} has ${Buffer.byteLength(secret)} bytes`);
  }
  if (environment === 'production' && jwt.accessTokenTtlS > HOUR_S) {
    yield warning(
      'secrets',
      `an access token lives ${jwt.accessTokenTtlS} s: so long does a stolen one hold`,
      'set ACCESS_TOKEN_TTL_S to 900; the refresh token keeps people signed in',
    );
  }
}

function judgeCsp({ csp, environment }: GatewayConfig): CheckResult {
  if (csp.mode === 'enforce') return ok('csp', 'enforced');
  const found = "report-only for PHP's pages";
  return environment === 'production'
    ? warning('csp', found, 'set CSP_MODE=enforce once the reports at /csp-report are quiet')
    : ok('csp', found);
}
