/** A route table whose `/json/…` goes over undici (envelope) and whose `/page/…` over http-proxy-middleware. */
export function twoForwarders(policies = '', upstream = 'identity: true'): string {
  const own = policies === '' ? '' : `, ${policies}`;
  return `
upstreams:
  php: { targets: ['\${REMOTE_PHP_BASE}'], ${upstream} }
policies:
  authorization: { public: {}, user: { anyOf: [jwt] } }
  rateLimit: { one: { limit: 1, windowS: 60, per: ip } }
routes:
  json:
    match: { path: '/json/{*path}' }
    upstream: php
    policies: { authorization: public, answers: any${own} }
  page:
    match: { path: '/page/{*path}' }
    upstream: php
    policies: { authorization: public, answers: any, envelope: 'off'${own} }
  guarded:
    match: { path: '/guarded/{*path}' }
    upstream: php
    policies: { authorization: user, maxBodyBytes: 1024 }
  limited:
    match: { path: '/limited/{*path}' }
    upstream: php
    policies: { authorization: public, rateLimit: [one] }
`;
}

export const FORWARDERS = [
  ['undici', '/json/x'],
  ['http-proxy-middleware', '/page/x'],
] as const;
