import { Controller, Module, Req, Res } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { EnvelopeFields } from '../../src/contract/index.js';
import type { ExperimentExtras } from '../../src/admin/admin-api.js';
import { NativeHandler } from '../../src/routing/index.js';
import { exchangeOf } from '../../src/trace/index.js';
import { call } from './http-call.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from './raw-upstream.js';
import { bearer } from './staged-site.js';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from './test-gateway.js';

/** What PHP and the native handler say, and what they were asked; a test changes it as it goes. */
export interface ExperimentSite {
  readonly php: RawUpstream;
  /** Body of PHP's answer, or a status to fail with. */
  says: (request: string) => string | number;
  /** What the native handler does; `res` for those that write themselves. */
  does: (req: IncomingMessage, res: ServerResponse) => unknown;
  readonly asked: { readonly method: string; readonly url: string; readonly subject: string | undefined }[];
  start(options?: Partial<TestGatewayOptions>): Promise<TestGateway>;
  stopGateways(): Promise<void>;
  stop(): Promise<void>;
}

/** The same answer as PHP's, unless a test says otherwise. */
export const ALIKE = '{"success":true,"from":"php","items":[1,2]}';
export const alike = (): EnvelopeFields => new EnvelopeFields({ from: 'php', items: [1, 2] });
/** The site speaks plain JSON: what differs by nature in headers is no matter here. */
const NO_HEADERS = ['set-cookie', 'cache-control', 'content-type'].map(
  (name) => `{ pointer: 'header:${name}', reason: 'not asked here', until: 2999-01-01 }`,
);

let current: ExperimentSite | undefined;

@Controller()
class ExperimentCandidate {
  @NativeHandler('test.experiment')
  async answer(@Req() req: IncomingMessage, @Res({ passthrough: true }) res: ServerResponse): Promise<unknown> {
    const { method = '', url = '' } = req;
    current?.asked.push({ method, url, subject: exchangeOf(req)?.identity?.subject });
    return current?.does(req, res);
  }
}

@Module({ controllers: [ExperimentCandidate] })
class ExperimentModule {}

/** A route for reads and one for writes of the same handler, with the admin API; `staging` and `experiment` are YAML flow text. */
export function experimentTable(staging: string, experiment = '', policies = 'timeoutMs: 5000'): string {
  const ignore = /\bignore:/.test(experiment) ? '' : `ignore: [${NO_HEADERS.join(', ')}], `;
  const settings = `experiment: { ${ignore}${experiment} }`;
  return `
upstreams:
  php: { targets: ['\${REMOTE_PHP_BASE}'], identity: true }
policies:
  authorization: { user: { anyOf: [jwt] }, admin: { anyOf: [jwt], roles: [admin] } }
  rateLimit: { many: { limit: 1000000, windowS: 60, per: identity } }
defaults: { ${policies}, rateLimit: [many] }
routes:
  read: { match: { path: /api/read.php, methods: [GET] }, upstream: php, handler: test.experiment, ${staging}, ${settings}, policies: { authorization: user } }
  write: { match: { path: /api/read.php, methods: [POST] }, upstream: php, handler: test.experiment, ${staging}, ${settings}, policies: { authorization: user } }
  admin.stage: { match: { path: '/admin/api/stages/{*path}', methods: [GET] }, handler: admin.stage, policies: { authorization: admin } }
  admin.stages: { match: { path: /admin/api/stages, methods: [GET] }, handler: admin.stages, policies: { authorization: admin } }
  admin.stage.set: { match: { path: '/admin/api/stages/{*path}', methods: [PUT] }, handler: admin.stage.set, policies: { authorization: admin, input: admin.stage.set, unknownFields: refuse } }
  admin.stage.clear: { match: { path: '/admin/api/stages/{*path}', methods: [DELETE] }, handler: admin.stage.clear, policies: { authorization: admin, input: admin.stage.clear, unknownFields: refuse } }
  admin.experiment: { match: { path: '/admin/api/experiments/{*path}', methods: [GET] }, handler: admin.experiment, policies: { authorization: admin } }
  admin.experiments: { match: { path: /admin/api/experiments, methods: [GET] }, handler: admin.experiments, policies: { authorization: admin } }
  admin.experiment.ignore: { match: { path: '/admin/api/experiments/{*path}', methods: [POST] }, handler: admin.experiment.ignore, policies: { authorization: admin, input: admin.experiment.ignore, unknownFields: refuse } }
  admin.experiment.unignore: { match: { path: '/admin/api/experiments/{*path}', methods: [DELETE] }, handler: admin.experiment.unignore, policies: { authorization: admin, input: admin.experiment.unignore, unknownFields: refuse } }
`;
}

export async function startExperimentSite(): Promise<ExperimentSite> {
  const gateways: TestGateway[] = [];
  const php = await startRawUpstream((socket, request) => {
    const said = site.says(request);
    const body = typeof said === 'string' ? said : '{"success":false}';
    const status = typeof said === 'string' ? 200 : said;
    socket.write(httpAnswer(status, { 'Content-Type': 'application/json' }, body));
  });
  const site: ExperimentSite = {
    php,
    says: () => ALIKE,
    does: alike,
    asked: [],
    start: async (options = {}) => {
      const gateway = await startTestGateway({ phpTargets: [php.origin], features: [ExperimentModule], ...options });
      gateways.push(gateway);
      return gateway;
    },
    stopGateways: async () => {
      for (const gateway of gateways.splice(0)) await gateway.stop();
    },
    stop: () => php.stop(),
  };
  current = site;
  return site;
}

/** What `explain` tells of a route. */
export interface Explained extends ExperimentExtras {
  readonly effective: { readonly stage: string; readonly weight?: number };
  readonly override: { readonly by: string; readonly reason: string } | null;
  readonly mirror: {
    readonly classes: Readonly<Record<string, number>>;
    readonly arms: Readonly<Record<'control' | 'candidate', { readonly requests: number; readonly errors: number }>>;
    readonly fields: readonly { readonly field: string; readonly observations: number }[];
    readonly noise: { readonly pairs: number; readonly fields: Readonly<Record<string, object>> };
    readonly samples: readonly {
      readonly request?: { readonly target: string; readonly caller: string };
      readonly observation: {
        readonly class: string;
        readonly reason?: string;
        readonly differences: readonly {
          readonly field: string;
          readonly control?: string;
          readonly candidate?: string;
        }[];
      };
    }[];
    readonly covered: { readonly statuses: readonly number[] };
    readonly skipped: number;
  };
  readonly late: number;
  readonly verdict?: {
    readonly action: string;
    readonly reasons: readonly { readonly check: string; readonly outcome: string; readonly text: string }[];
  };
  readonly decisions: readonly {
    readonly action: string;
    readonly from: { readonly stage: string; readonly weight: number };
    readonly to?: { readonly stage: string; readonly weight: number };
    readonly reason: string;
    readonly evidence: object;
  }[];
}

export async function explain(gateway: TestGateway, route = 'read'): Promise<Explained> {
  const answer = await call(gateway.url, `/admin/api/experiments/${route}`, { headers: bearer('boss', ['admin']) });
  if (answer.status !== 200) throw new Error(`explain: ${answer.status} ${answer.text}`);
  return (answer.json() as { data: Explained }).data;
}
