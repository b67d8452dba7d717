import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import '../../src/app.module.js';
import { examine } from '../../src/cli/index.js';
import { type GatewayConfig, loadConfig } from '../../src/config/index.js';
import { inputDtoNames } from '../../src/contract/index.js';
import { nativeHandlerNames } from '../../src/routing/index.js';
import { IDENTITY_SECRET, JWT_SECRET } from './test-gateway.js';

export interface Diagnosis {
  /** Results whose name begins so, as `state: found → fix`. */
  of(name: string): readonly string[];
  /** All results, as one text. */
  readonly text: string;
}

export interface DiagnosisOptions {
  readonly routesFile?: string;
  /** Milliseconds that each check may take. */
  readonly limitMs?: number;
  /** Changes what no environment variable can say. */
  readonly change?: (config: GatewayConfig) => GatewayConfig;
}

const ROOT = resolve(import.meta.dirname, '../..');

/** Lets the doctor look at a configuration. The port is the system's choice and the folder an empty one, unless `env` says otherwise. */
export async function diagnose(
  env: Readonly<Record<string, string>>,
  { routesFile, limitMs, change = (config) => config }: DiagnosisOptions = {},
): Promise<Diagnosis> {
  const folder = mkdtempSync(join(tmpdir(), 'doctor-test-'));
  const config = loadConfig(
    {
      NODE_ENV: 'test',
      HOST: '127.0.0.1',
      PORT: '0',
      JWT_SECRET,
      GATEWAY_IDENTITY_SECRET: IDENTITY_SECRET,
      ROUTES_FILE: routesFile ?? join(ROOT, 'routes.yaml'),
      ...env,
    },
    { projectRoot: folder, packageVersion: '0.0.0-test' },
  );
  const facts = {
    config: change(config),
    routesFile: config.routes.file ?? join(ROOT, 'routes.pass-through.yaml'),
    handlers: nativeHandlerNames(),
    dtos: inputDtoNames(),
  };
  const results = await examine(facts, limitMs);
  rmSync(folder, { recursive: true, force: true });
  return {
    of: (name) =>
      results
        .filter((result) => result.name.startsWith(name))
        .map(({ state, found, fix }) => `${state}: ${found}${fix === undefined ? '' : ` → ${fix}`}`),
    text: JSON.stringify(results),
  };
}
