/** The policies that are compared: who calls, how often by address and by identity, security headers, CORS, envelope. */
export const FULL = {
  authorization: 'user',
  rateLimit: ['address', 'default'],
  answers: 'json',
  concurrency: { caller: 1000 },
};

/** The table of all parts but the cost of steps. */
export function fullTable() {
  return tableOf({
    small: { policies: FULL },
    medium: { policies: FULL },
    large: { policies: FULL },
    upload: { methods: ['POST'], policies: { ...FULL, maxBodyBytes: 67_108_864 } },
    hit: { policies: { ...FULL, cache: { ttlS: 3600, vary: 'identity', cacheControl: 'override' } } },
    native: { handler: 'health.live', policies: FULL },
    'work.php': { policies: FULL },
    'light.php': { policies: FULL },
    'cached.php': { policies: { ...FULL, cache: { ttlS: 3600, vary: 'identity', cacheControl: 'override' } } },
  });
}

/** A route table (JSON is YAML) of routes that are named as their paths are; limits that count and are never reached. `php`: more of that upstream. */
export function tableOf(routes, php = {}) {
  const limit = { limit: 1_000_000_000, windowS: 60 };
  return JSON.stringify({
    upstreams: {
      php: { targets: ['${REMOTE_PHP_BASE}'], identity: true, ...php },
      plain: { targets: ['${REMOTE_PHP_BASE}'] },
    },
    policies: {
      authorization: { public: {}, user: { anyOf: ['jwt'] } },
      rateLimit: { address: { ...limit, per: 'ip' }, default: { ...limit, per: 'identity' } },
    },
    routes: Object.fromEntries([
      [
        'ready',
        {
          match: { path: '/readyz', methods: ['GET'] },
          handler: 'health.ready',
          policies: { authorization: 'public', rateLimit: [] },
        },
      ],
      ...Object.entries(routes).map(([name, { methods = ['GET'], handler, upstream = 'php', policies }]) => [
        name.replaceAll(/[^a-z]/g, '-'),
        {
          match: { path: `/${name}`, methods },
          ...(handler === undefined ? { upstream } : { handler }),
          policies,
        },
      ]),
    ]),
  });
}
