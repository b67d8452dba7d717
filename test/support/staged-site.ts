import { Controller, Module, Req, Res } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { makeAccessToken } from '../../src/auth/index.js';
import { EnvelopeFields, GatewayError } from '../../src/contract/index.js';
import { NativeHandler } from '../../src/routing/index.js';
import { type CallAnswer, call, type CallOptions } from './http-call.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from './raw-upstream.js';
import { JWT_SECRET, startTestGateway, type TestGateway, type TestGatewayOptions } from './test-gateway.js';

/** What a request's query makes the native handler do. */
const FAULTS: Readonly<Record<string, (res: ServerResponse) => void>> = {
  error: () => {
    throw new Error('the database of the candidate');
  },
  unavailable: () => {
    throw new GatewayError('UPSTREAM_UNAVAILABLE');
  },
  'not-found': () => {
    throw new GatewayError('NOT_FOUND');
  },
  // After some of the answer has gone out.
  late: (res) => {
    res.write('{"success":true,');
    throw new Error('too late');
  },
};

@Controller()
class CandidateController {
  @NativeHandler('test.candidate')
  async answer(@Req() req: IncomingMessage, @Res({ passthrough: true }) res: ServerResponse): Promise<EnvelopeFields> {
    res.setHeader('Set-Cookie', ['from=native']);
    res.setHeader('X-Candidate', 'yes');
    res.statusCode = 201;
    await Promise.resolve();
    FAULTS[new URL(req.url ?? '/', 'http://x').searchParams.get('fault') ?? '']?.(res);
    return new EnvelopeFields({ from: 'native' });
  }
}

@Module({ controllers: [CandidateController] })
export class CandidateModule {}

/** A table whose routes can have every stage; `stage` is YAML flow text put into the route `list`. */
export function stagedTable(stage = 'stage: proxy', more = ''): string {
  return `
upstreams:
  php: { targets: ['\${REMOTE_PHP_BASE}'], session: { cookie: SESS, path: /session } }
policies:
  authorization:
    public: {}
    user: { anyOf: [jwt] }
    admin: { anyOf: [jwt, php-session], roles: [admin] }
  rateLimit:
    many: { limit: 1000000, windowS: 60, per: identity }
defaults: { timeoutMs: 5000, rateLimit: [many] }
routes:
  list: { match: { path: /api/list.php, methods: [GET] }, upstream: php, handler: test.candidate, ${stage}, policies: { authorization: user } }
  create: { match: { path: /api/list.php, methods: [POST] }, upstream: php, handler: test.candidate, stage: canary, weight: 100, policies: { authorization: user } }
  open: { match: { path: /api/open.php, methods: [GET] }, upstream: php, handler: test.candidate, stage: canary, weight: 50, policies: { authorization: public } }
  action.one: { match: { path: /api/actions.php, methods: [GET, POST], action: one }, upstream: php, handler: test.candidate, stage: canary, weight: 100, policies: { authorization: user } }
  action.rest: { match: { path: /api/actions.php, methods: [GET, POST] }, upstream: php, policies: { authorization: user } }
  native: { match: { path: /api/native, methods: [GET] }, handler: test.candidate, policies: { authorization: user } }
  php.only: { match: { path: /api/only.php, methods: [GET] }, upstream: php, policies: { authorization: user } }
  admin.stages: { match: { path: /admin/api/stages, methods: [GET] }, handler: admin.stages, policies: { authorization: admin } }
  admin.stage: { match: { path: '/admin/api/stages/{*path}', methods: [GET] }, handler: admin.stage, policies: { authorization: admin } }
  admin.stage.set: { match: { path: '/admin/api/stages/{*path}', methods: [PUT] }, handler: admin.stage.set, policies: { authorization: admin, input: admin.stage.set, unknownFields: refuse } }
  admin.stage.clear: { match: { path: '/admin/api/stages/{*path}', methods: [DELETE] }, handler: admin.stage.clear, policies: { authorization: admin, input: admin.stage.clear, unknownFields: refuse } }
${more}
`;
}

/** A PHP application that says `from: php`, sets one cookie, and knows the session `SESS=admin` of an administrator. */
export function startPhp(): Promise<RawUpstream> {
  return startRawUpstream((socket, head) => {
    const isAdmin = head.includes('SESS=admin');
    const session = {
      data: {
        authenticated: isAdmin,
        user: isAdmin ? { id: 'boss', roles: ['admin'] } : null,
        csrf_token: isAdmin ? 'proof' : null,
      },
    };
    const text = JSON.stringify(head.startsWith('GET /session ') ? session : { success: true, from: 'php' });
    const answer = httpAnswer(200, { 'Content-Type': 'application/json', 'Set-Cookie': 'from=php' }, text);
    socket.write(head.startsWith('HEAD ') ? answer.slice(0, -text.length) : answer);
  });
}

export function startStaged(php: RawUpstream, options: TestGatewayOptions = {}): Promise<TestGateway> {
  return startTestGateway({ routes: stagedTable(), phpTargets: [php.origin], features: [CandidateModule], ...options });
}

export function bearer(subject: string, roles: readonly string[] = ['user']): Record<string, string> {
  return { Authorization: `Bearer ${makeAccessToken(JWT_SECRET, { subject, roles, lifeS: 600 })}` };
}

/** A call of the admin API, by an administrator unless the headers say otherwise. */
export function admin(
  gateway: TestGateway,
  method: string,
  path: string,
  body?: object,
  options: CallOptions = {},
): Promise<CallAnswer> {
  const headers = { ...bearer('boss', ['admin']), 'Content-Type': 'application/json', ...options.headers };
  return call(gateway.url, `/admin/api/stages${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** Who answers a subject. */
export async function whoAnswers(gateway: TestGateway, subject: string, path = '/api/list.php'): Promise<string> {
  const answer = await call(gateway.url, path, { headers: bearer(subject) });
  return (answer.json() as { from?: string }).from ?? `status ${answer.status}`;
}
