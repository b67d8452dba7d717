import type { Type } from '@nestjs/common';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadConfig } from '../../src/config/index.js';
import { startGateway } from '../../src/gateway.js';
import type { Metrics } from '../../src/metrics/index.js';
import type { Logger } from '../../src/trace/index.js';

export const JWT_SECRET = 'test-secret-of-the-tokens-0123456789abcdef';
export const IDENTITY_SECRET = 'test-secret-of-the-identity-0123456789abcd';

export interface TestGatewayOptions {
  /** The route table's text; the shipped table when left out. */
  readonly routes?: string;
  readonly phpTargets?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly features?: readonly Type[];
  /** Where the providers' stand-in answers; without it what is a stub by configuration is off. */
  readonly stubOrigin?: string;
  /** A project folder of the test's own, which outlives the gateway with what it keeps under `.data`. */
  readonly folder?: string;
}

export interface TestGateway {
  readonly url: string;
  readonly port: number;
  readonly routesFile: string;
  /** To be spied on: what it is told is what the process would log. */
  readonly logger: Logger;
  /** What it counts and measures, also where no route leads to it. */
  readonly metrics: Pick<Metrics, 'list' | 'render'>;
  /** To shorten times that no setting reaches. */
  readonly server: Server;
  /** Makes an embedded database ready, as a start does; undefined when nothing needs it. */
  warmUp(): Promise<boolean> | undefined;
  /** Writes a new route table, as an editor would. */
  writeRoutes(text: string): void;
  stop(graceMs?: number): Promise<void>;
}

/** A whole gateway in this process, on a free loopback port, with its own route table in a temporary folder. */
export async function startTestGateway({
  routes,
  phpTargets = [],
  env = {},
  features = [],
  stubOrigin,
  folder: kept,
}: TestGatewayOptions): Promise<TestGateway> {
  const folder = kept ?? mkdtempSync(join(tmpdir(), 'gateway-test-'));
  const routesFile =
    routes === undefined ? resolve(import.meta.dirname, '../../routes.yaml') : join(folder, 'routes.yaml');
  if (routes !== undefined) writeFileSync(routesFile, routes);
  const config = loadConfig(
    {
      NODE_ENV: 'test',
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'silent',
      JWT_SECRET,
      GATEWAY_IDENTITY_SECRET: IDENTITY_SECRET,
      ROUTES_FILE: routesFile,
      // Specs of other subjects change PHP's data behind the gateway's back; those of the cache turn it on.
      ENABLE_RESPONSE_CACHE: 'false',
      ...env,
    },
    { projectRoot: folder, packageVersion: '0.0.0-test' },
  );
  const gateway = await startGateway({ config, routesFile, phpTargets, features, stubOrigin });
  return {
    url: gateway.url,
    port: Number(new URL(gateway.url).port),
    routesFile,
    logger: gateway.logger,
    metrics: gateway.metrics,
    server: gateway.server,
    warmUp: () => gateway.warmUp(),
    writeRoutes: (text) => writeFileSync(routesFile, text),
    stop: async (graceMs = 1000) => {
      await gateway.stop(graceMs);
      if (kept === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A route table with one upstream and one catch-all; `policies` is YAML flow text merged into its policies. */
export function catchAllTable(policies = '', upstream = ''): string {
  return `
upstreams:
  php: { targets: ['\${REMOTE_PHP_BASE}'], ${upstream} }
policies:
  authorization: { public: {} }
routes:
  all:
    match: { path: '/{*path}' }
    upstream: php
    policies: { authorization: public, ${policies} }
`;
}
