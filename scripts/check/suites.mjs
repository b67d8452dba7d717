import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/**
 * Parts of the test suite that are run by themselves, as `npm run test:…` and in parallel on GitHub. A file belongs to the
 * first that its path matches, so that each is in exactly one; `npm test` runs all of them.
 */
const SUITES = [
  // Modules, alone or with one real part; nothing of them needs a gateway.
  ['unit', /\.spec\.ts$/],
  ['browser', /^test\/browser\//],
  // PHP, by itself and held against its native twins.
  ['php', /^test\/(?:php|parity)\//],
  ['hardening', /^test\/hardening\//],
  // What operators use beside requests: command lines, start and stop, workers, several instances, migration of data,
  // telemetry, queues, experiments' books.
  [
    'operations',
    /^test\/e2e\/(?:doctor|dry-run|embedded-php|error-reports|experiments|gateway-cli|mail-queue|migrate-cli|mirror-faults|operations|record-replay|retention|smoke|stage-overrides|stages-replication|start-up|traces|voice-instances|workers)|^test\/(?:packaging|contributing)\//,
  ],
  // A client's requests through all policies to PHP or Node. Under three minutes on two cores.
  ['e2e', /^test\/e2e\//],
];

export const SUITE_NAMES = SUITES.map(([name]) => name);

/** All test files, by their suite. Paths from `root` with slashes. @throws Error for a file that no suite takes */
export function listSuites(root) {
  const files = ['src', 'test'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(?:spec|e2e-spec)\.ts$/.test(entry.name))
      .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll(sep, '/')),
  );
  const suites = new Map(SUITE_NAMES.map((name) => [name, []]));
  for (const file of files.toSorted()) {
    const [name] = SUITES.find(([, pattern]) => pattern.test(file)) ?? [];
    if (name === undefined) throw new Error(`${file} belongs to no suite: scripts/check/suites.mjs`);
    suites.get(name).push(file);
  }
  return suites;
}
