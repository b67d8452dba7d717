// Writes docs/operations/metrics.md, the table of all metrics, from a gateway that has just started.
//   npm run build && npm run metrics
// test/e2e/metrics.e2e-spec.ts fails where the table and a gateway differ.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../dist/config/index.js';
import { startGateway } from '../dist/gateway.js';
import { Metrics } from '../dist/metrics/index.js';
import { measureWorkers } from '../dist/primary.js';
import { writeReference } from './observability/metrics-reference.mjs';

const project = mkdtempSync(join(tmpdir(), 'gateway-metrics-'));
const routesFile = fileURLToPath(new URL('../routes.yaml', import.meta.url));
const config = loadConfig(
  {
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'silent',
    ROUTES_FILE: routesFile,
    // Nothing is mailed: the worker is there, and so are its metrics.
    SMTP_HOST: '127.0.0.1',
    EMAIL_FROM: 'gateway@example.com',
  },
  { projectRoot: project, packageVersion: '0.0.0' },
);
const gateway = await startGateway({
  config,
  routesFile,
  phpTargets: ['http://127.0.0.1:9'],
  stubOrigin: undefined,
});
try {
  const ofPrimary = new Metrics();
  measureWorkers(ofPrimary, { ready: 0, restarts: 0 }, 0);
  const known = new Set(gateway.metrics.list().map(({ name }) => name));
  const all = [...gateway.metrics.list(), ...ofPrimary.list().filter(({ name }) => !known.has(name))];
  writeFileSync(new URL('../docs/operations/metrics.md', import.meta.url), writeReference(all));
} finally {
  await gateway.stop(0);
  rmSync(project, { recursive: true, force: true });
}
