import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { askRaw, type RawAnswer } from './raw-client.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from './raw-upstream.js';
import { startTestGateway, type TestGateway } from './test-gateway.js';

export const APP = 'https://app.example';
const ROUTES = `
upstreams: { php: { targets: ['\${REMOTE_PHP_BASE}'], session: { cookie: SESS, path: /session } } }
policies:
  authorization: { public: {}, user: { anyOf: [jwt, php-session] } }
  rateLimit: { one: { limit: 1, windowS: 60, per: ip }, each: { limit: 1, windowS: 60, per: identity } }
defaults: { authorization: public }
routes:
  health: { match: { path: /api/health, methods: [GET] }, handler: health }
  page: { match: { path: '/page/{*path}' }, upstream: php, policies: { envelope: 'off' } }
  api: { match: { path: /api/thing.php, methods: [GET, POST] }, upstream: php }
  user: { match: { path: /api/user.php, methods: [GET, POST, DELETE] }, upstream: php, policies: { authorization: user, rateLimit: [one, each] } }
  write: { match: { path: /api/write.php, methods: [POST] }, upstream: php, policies: { authorization: user } }
  small: { match: { path: /api/small.php, methods: [POST] }, upstream: php, policies: { maxBodyBytes: 4 } }
  session: { match: { path: /session, methods: [GET] }, upstream: php }
  theirs: { match: { path: /theirs.php, methods: [GET, POST, OPTIONS] }, upstream: php, policies: { cors: upstream } }
  socket: { match: { path: '/ws/{*path}' }, upstream: php, policies: { upgrade: true } }
  socket.user: { match: { path: /ws-user }, upstream: php, policies: { authorization: user, upgrade: true } }
`;
const SESSION = { data: { authenticated: true, user: { id: 's', roles: ['user'] }, csrf_token: 'proof' } };

/** PHP that says yes to everybody, as old scripts do. */
function permissive(request: string): string {
  const path = /^\S+ (\S+)/.exec(request)?.[1] ?? '';
  if (path === '/session') return httpAnswer(200, { 'Content-Type': 'application/json' }, JSON.stringify(SESSION));
  const cors = {
    'Access-Control-Allow-Origin': '*',
    'access-control-allow-credentials': 'true',
    'Access-Control-Allow-Methods': 'DELETE',
    'Access-Control-Allow-Private-Network': 'true',
    Vary: 'Accept-Encoding, origin',
  };
  const status = Number(/status=(\d+)/.exec(path)?.[1] ?? 200);
  const type = path.includes('stream') ? 'text/event-stream' : 'application/json';
  return httpAnswer(status, { ...cors, 'Content-Type': type }, status === 304 ? '' : '{"ok":true}');
}

/** Two gateways before a PHP that says yes to everybody: one with a list of origins and a trusted proxy, one for anyone. */
export class OriginSite {
  private parts: { upstream: RawUpstream; gateway: TestGateway; anyone: TestGateway } | undefined;

  get upstream(): RawUpstream {
    return this.running.upstream;
  }
  get gateway(): TestGateway {
    return this.running.gateway;
  }
  get anyone(): TestGateway {
    return this.running.anyone;
  }

  async start(): Promise<void> {
    const upstream = await startRawUpstream((socket, request) => socket.write(permissive(request)));
    const options = { phpTargets: [upstream.origin], routes: ROUTES };
    const gateway = await startTestGateway({
      ...options,
      env: { ALLOWED_ORIGINS: `${APP},http://localhost:5173,https://bücher.example`, TRUSTED_PROXIES: '127.0.0.1' },
    });
    const anyone = await startTestGateway({ ...options, env: { ALLOWED_ORIGINS: `*,null,${APP}` } });
    this.parts = { upstream, gateway, anyone };
  }

  async stop(): Promise<void> {
    await this.parts?.gateway.stop();
    await this.parts?.anyone.stop();
    await this.parts?.upstream.stop();
  }

  /** Sends `start` (method and address) with header lines, on a connection of its own. */
  ask(start: string, fields: readonly string[] = [], at = this.gateway, body = ''): Promise<RawAnswer> {
    const host = fields.some((field) => /^host:/i.test(field)) ? [] : [`Host: 127.0.0.1:${at.port}`];
    return askRaw(at.port, [`${start} HTTP/1.1`, ...host, ...fields, 'Connection: close', '', body].join('\r\n'));
  }

  preflight(path: string, origin = APP, asks = 'POST', at = this.gateway): Promise<RawAnswer> {
    return this.ask(`OPTIONS ${path}`, [`Origin: ${origin}`, `Access-Control-Request-Method: ${asks}`], at);
  }

  /** The first arguments of {@link ask} for a WebSocket. */
  upgrade(path: string, ...fields: string[]): [string, string[]] {
    return [
      `GET ${path}`,
      ['Upgrade: websocket', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13', ...fields],
    ];
  }

  private get running(): { upstream: RawUpstream; gateway: TestGateway; anyone: TestGateway } {
    if (this.parts === undefined) throw new Error('the gateways do not run yet');
    return this.parts;
  }
}

/** An {@link OriginSite} for all tests of a file; each begins with no request at PHP. */
export function useOriginSite(): OriginSite {
  const site = new OriginSite();
  beforeAll(() => site.start());
  afterAll(() => site.stop());
  beforeEach(() => {
    site.upstream.requests.length = 0;
  });
  return site;
}
