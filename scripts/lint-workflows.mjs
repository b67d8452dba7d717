// Lints .github: actionlint on every workflow, then rules of the house (scripts/workflows/house-rules.mjs) on workflows and
// actions, and that ci.yml runs every part of the test suite. Before the real ones, planted faults must be found.
//   npm run lint:workflows
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listSuites, SUITE_NAMES } from './check/suites.mjs';
import { lintWorkflow } from './workflows/actionlint.mjs';
import { findFaults } from './workflows/house-rules.mjs';
import { CANARY } from './workflows/planted.mjs';
import { readText, readWorkflows } from './workflows/read-workflows.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const PIN = /^\| `(?<action>[\w./-]+)`\s*\| (?<version>v[\d.]+)\s*\| `(?<sha>[\da-f]{40})` \|$/gm;

const faults = [];
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const pins = readPins();
const used = new Set();

for (const [text, expected] of CANARY) {
  const found = await findAll(readText('.github/workflows/planted.yml', text), new Set());
  if (expected === undefined ? found.length > 0 : !found.some((fault) => expected.test(fault)))
    faults.push(`planted: ${expected ?? 'nothing is wrong'}: found were ${JSON.stringify(found)}`);
}

const files = readWorkflows(root);
for (const file of files) for (const fault of await findAll(file, used)) faults.push(`${file.path}: ${fault}`);
for (const pin of pins.keys()) if (!used.has(pin)) faults.push(`docs/operations/pipelines.md: ${pin} is used nowhere`);

// Throws for a test file that belongs to no suite.
listSuites(root);
const ci = files.find(({ path }) => path.endsWith('/ci.yml'));
const run = new Set([
  ...(ci.tree.jobs.test.strategy.matrix.suite ?? []),
  ...[...ci.text.matchAll(/test:(\w+)/g)].map(([, name]) => name),
]);
for (const name of SUITE_NAMES) {
  if (!run.has(name)) faults.push(`ci.yml does not run the suite ${name}`);
  if (scripts[`test:${name}`] === undefined) faults.push(`package.json has no test:${name}`);
}

for (const fault of faults) console.log(fault);
console.log(`Workflows: ${faults.length} faults in ${files.length} files (${CANARY.length} planted).`);
process.exitCode = faults.length === 0 ? 0 : 1;

async function findAll(file, usedHere) {
  // Of actions actionlint reads no more than their inputs.
  const linted = file.path.includes('/workflows/') ? await lintWorkflow(file.path, file.text) : [];
  return [...linted, ...findFaults(file, { scripts, pins, used: usedHere })];
}

/** The list of pins in the documents: `action@sha` → version. */
function readPins() {
  const text = readFileSync(join(root, 'docs', 'operations', 'pipelines.md'), 'utf8');
  return new Map([...text.matchAll(PIN)].map(({ groups: { action, version, sha } }) => [`${action}@${sha}`, version]));
}
