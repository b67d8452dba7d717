import { Controller, Module } from '@nestjs/common';
import { EnvelopeFields, GatewayError } from '../../src/contract/index.js';
import { NativeHandler } from '../../src/routing/index.js';

const ROUTE = 'policies: { authorization: public, rateLimit: [address], signature: telnyx, maxBodyBytes: 262144 }';
/** A signed route of PHP and its native twin. */
export const WEBHOOK_TWINS = `
upstreams:
  php: { targets: ['\${REMOTE_PHP_BASE}'], identity: true }
policies:
  authorization: { public: {} }
  rateLimit: { address: { limit: 100000, windowS: 60, per: ip }, few: { limit: 3, windowS: 60, per: ip } }
  signature: { telnyx: { key: telnyx, windowS: 300 } }
routes:
  proxied: { match: { path: /proxied, methods: [GET, POST] }, upstream: php, ${ROUTE} }
  native: { match: { path: /native, methods: [GET, POST] }, handler: webhook-twin, ${ROUTE} }
  limited: { match: { path: /limited }, upstream: php, ${ROUTE.replace('[address]', '[few]')} }
`;

/** What the next call of a twin answers, both take it from here; how often the native one was called. */
export const twin = { status: 200, calls: 0 };

@Controller()
class TwinController {
  @NativeHandler('webhook-twin')
  take(): EnvelopeFields {
    twin.calls += 1;
    if (twin.status !== 200) throw new GatewayError('UPSTREAM_UNAVAILABLE');
    return new EnvelopeFields({ status: 'received' });
  }
}

@Module({ controllers: [TwinController] })
export class WebhookTwinModule {}
