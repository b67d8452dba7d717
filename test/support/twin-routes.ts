import { Controller, Module } from '@nestjs/common';
import { EnvelopeFields } from '../../src/contract/index.js';
import { NativeHandler } from '../../src/routing/index.js';

@Controller()
class TwinController {
  @NativeHandler('twin')
  twin(): EnvelopeFields {
    return new EnvelopeFields({ ok: true });
  }
}

@Module({ controllers: [TwinController] })
export class TwinModule {}

/** What is held against the two routes of each name. */
export const TWIN_POLICIES = {
  open: 'authorization: public',
  user: 'authorization: user',
  admin: 'authorization: admin',
  limited: 'authorization: public, rateLimit: [three]',
  perIdentity: 'authorization: user, rateLimit: [twoEach]',
  small: 'authorization: public, maxBodyBytes: 16',
  checked: 'authorization: public, input: conversations.create, unknownFields: refuse',
  guest: 'authorization: guest',
  account: 'authorization: public, rateLimit: [perAccount]',
  signed: 'authorization: public, signature: telnyx',
  single: 'authorization: public, input: conversations.create, concurrency: { caller: 1 }',
  /** With a sibling for administrators that PHP's `action` tells apart: until it is known, the strictest holds. */
  acts: 'authorization: user',
};
const ROUTES = Object.entries(TWIN_POLICIES)
  .flatMap(([name, policies]) => [
    `  proxied.${name.toLowerCase()}: { match: { path: /proxied/${name}, methods: [GET, POST] }, upstream: php, policies: { ${policies} } }`,
    `  native.${name.toLowerCase()}: { match: { path: /native/${name}, methods: [GET, POST] }, handler: twin, policies: { ${policies} } }`,
  ])
  .join('\n');
const SIBLINGS = `
  proxied.acts.rule: { match: { path: /proxied/acts, methods: [GET, POST], action: rule }, upstream: php, policies: { authorization: admin } }
  native.acts.rule: { match: { path: /native/acts, methods: [GET, POST], action: rule }, handler: twin, policies: { authorization: admin } }`;
/** For each policy a route of PHP and a native one: `/proxied/NAME` and `/native/NAME`. */
export const TWINS = `
upstreams:
  php: { targets: ['\${REMOTE_PHP_BASE}'], identity: true, session: { cookie: SESS, path: /session } }
policies:
  authorization:
    public: {}
    user: { anyOf: [jwt, php-session] }
    admin: { anyOf: [jwt, php-session], roles: [admin] }
    guest: { anyOf: [jwt, php-session], optional: true }
  signature:
    telnyx: { key: telnyx }
  rateLimit:
    three: { limit: 3, windowS: 60, per: ip }
    two-each: { limit: 2, windowS: 60, per: identity }
    per-account: { limit: 2, windowS: 60, per: field, field: email }
routes:
${ROUTES.replaceAll('twoEach', 'two-each').replaceAll('perAccount', 'per-account')}${SIBLINGS}
`;
