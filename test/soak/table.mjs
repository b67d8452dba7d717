/** Milliseconds that PHP has for a first byte, on the routes of its faults. */
export const FAULT_TIMEOUT_MS = 1500;
export const THROTTLED_PER_S = 20;

/** The route table of the soak: one route of each kind. JSON is YAML. */
export function soakTable() {
  const user = { authorization: 'user', rateLimit: ['plenty'], answers: 'json' };
  const open = { authorization: 'public', envelope: 'off', maxBodyBytes: 8_388_608 };
  const route = (path, policies, more = {}) => ({
    match: { path: `/${path}/{*path}` },
    upstream: 'php',
    policies,
    ...more,
  });
  const cache = { ttlS: 1, staleWhileRevalidateS: 1, cacheControl: 'override' };
  return JSON.stringify({
    upstreams: {
      php: {
        targets: ['${REMOTE_PHP_BASE}'],
        identity: true,
        session: { cookie: 'SOAKSID', path: '/session.php' },
        health: { path: '/health.php', intervalMs: 500 },
      },
      // The same server with a breaker of its own, which never opens: what breaks on purpose is to say nothing of the others.
      faulty: {
        targets: ['${REMOTE_PHP_BASE}'],
        identity: true,
        breaker: { threshold: 1, windowMs: 1000, openMs: 50 },
      },
    },
    policies: {
      authorization: { public: {}, user: { anyOf: ['jwt', 'php-session'] } },
      rateLimit: {
        plenty: { limit: 1_000_000_000, windowS: 60, per: 'identity' },
        little: { limit: THROTTLED_PER_S, windowS: 1, per: 'identity' },
      },
    },
    defaults: { concurrency: { caller: 1000 } },
    routes: {
      json: route('json', { ...user, maxBodyBytes: 8_388_608 }),
      pages: route('pages', open),
      throttled: route('throttled', { ...user, rateLimit: ['little'] }),
      'cached.public': route('cached', { ...user, authorization: 'public', cache: { ...cache, vary: 'public' } }),
      'cached.identity': route('kept', { ...user, cache: { ...cache, vary: 'identity' } }),
      canary: {
        match: { path: '/both/canary', methods: ['GET'] },
        upstream: 'php',
        handler: 'health.live',
        stage: 'canary',
        weight: 50,
        policies: user,
      },
      mirror: {
        match: { path: '/both/mirror', methods: ['GET'] },
        upstream: 'php',
        handler: 'health.live',
        stage: 'mirror',
        policies: user,
        experiment: { sample: 0.5 },
      },
      'fault.json': route('fault', { ...user, timeoutMs: FAULT_TIMEOUT_MS }, { upstream: 'faulty' }),
      'fault.pages': route(
        'broken',
        { ...open, timeoutMs: FAULT_TIMEOUT_MS, idleTimeoutMs: FAULT_TIMEOUT_MS },
        { upstream: 'faulty' },
      ),
      native: {
        match: { path: '/livez', methods: ['GET'] },
        handler: 'health.live',
        policies: { authorization: 'public' },
      },
      ready: {
        match: { path: '/readyz', methods: ['GET'] },
        handler: 'health.ready',
        policies: { authorization: 'public' },
      },
      realtime: {
        match: { path: '/realtime', methods: ['GET'] },
        handler: 'realtime.socket',
        policies: { authorization: 'public', upgrade: true },
      },
    },
  });
}
