// Who may import whom (.dependency-cruiser.cjs), and that only config/ reads the environment. Before the real sources,
// both checks are run over a small project that breaks every rule: a check that does not find those finds nothing.
//   node scripts/check-dependency-rules.mjs
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise } from 'dependency-cruiser';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const rules = createRequire(import.meta.url)('../.dependency-cruiser.cjs');

/** Each rule's name, and files that break it. */
const CANARY = {
  'no-circular': { 'src/routing/a.ts': `export * from './b.js';`, 'src/routing/b.ts': `export * from './a.js';` },
  'siblings-by-the-door': {
    'src/edge/inner.ts': `export const inner = 1;`,
    'src/auth/reaches-in.ts': `export { inner } from '../edge/inner.js';`,
  },
  'root-by-the-door': { 'src/app.module.ts': `export { inner } from './edge/inner.js';` },
  'infrastructure-below-features': {
    'src/features/index.ts': `export const feature = 1;`,
    'src/trace/reaches-up.ts': `export { feature } from '../features/index.js';`,
  },
  'rooms-below-the-root': {
    'src/pipeline.ts': `export const pipeline = 1;`,
    'src/cache/reaches-root.ts': `export { pipeline } from '../pipeline.js';`,
  },
  'browser-code-alone': {
    'src/realtime/client/uses-node.ts': `export { join } from 'node:path';`,
  },
  'no-browser-code-in-node': {
    'src/realtime/client/page.ts': `export const page = 1;`,
    'src/realtime/uses-page.ts': `export { page } from './client/page.js';`,
  },
  'dashboard-alone': {
    'src/admin/ui/uses-node.tsx': `export { readFile } from 'node:fs';`,
    'src/admin/ui/uses-gateway.ts': `export { admin } from '../admin.service.js';`,
    'src/admin/admin.service.ts': `export const admin = 1;`,
  },
  'no-value-of-the-contract': {
    'src/admin/admin-api.ts': `export { admin } from './admin.service.js';`,
  },
  'no-dashboard-in-node': {
    'src/admin/ui/view.tsx': `export const view = 1;`,
    'src/admin/uses-view.ts': `export { view } from './ui/view.js';`,
  },
  'no-test-in-src': {
    'test/support.ts': `export const support = 1;`,
    'src/forward/uses-test.ts': `export { support } from '../../test/support.js';`,
  },
  'no-spec-imported': {
    'src/forward/one.spec.ts': `export const one = 1;`,
    'src/forward/uses-spec.ts': `export { one } from './one.spec.js';`,
  },
  'no-dev-dependency-in-src': { 'src/throttle/uses-dev.ts': `export { tool } from 'canary-dev-tool';` },
  'no-undeclared-dependency': { 'src/throttle/uses-undeclared.ts': `export { tool } from 'canary-undeclared';` },
  'no-unresolvable': { 'src/throttle/uses-missing.ts': `export { gone } from './gone.js';` },
  'environment-in-config-only': { 'src/contract/reads-env.ts': `export const port = process.env['PORT'];` },
};
/** What breaks nothing: a check that reports everything is no better. */
const ALLOWED = {
  'src/auth/index.ts': `export const auth = 1;`,
  'src/cache/by-the-door.ts': `export { auth } from '../auth/index.js';`,
  'src/cache/types-a.ts': `import type { B } from './types-b.js';\nexport interface A { b?: B }`,
  'src/cache/types-b.ts': `import type { A } from './types-a.js';\nexport interface B { a?: A }`,
  'src/main.ts': `// reads process.env once\nexport { auth } from './auth/index.js';\nexport const config = loadConfig(process.env, 1);\ndeclare function loadConfig(a: unknown, b: number): unknown;`,
};

/** The one way through: handing the environment to loadConfig. */
const HANDED_OVER = /\bloadConfig\(\s*(\{\s*\.\.\.)?process\.env\b/g;

const unnoticed = await findUnnoticedCanaries();
if (unnoticed.length > 0) {
  console.error(`The check itself is broken. ${unnoticed.join('; ')}.`);
  process.exitCode = 1;
} else {
  const violations = await findViolations(root);
  for (const { rule, where } of violations) console.error(`${rule}: ${where}`);
  const planted = Object.keys(CANARY).length;
  console.log(
    `Dependency rules: ${violations.length} violations (and ${planted} of ${planted} planted ones were found).`,
  );
  if (violations.length > 0) process.exitCode = 1;
}

async function findUnnoticedCanaries() {
  const project = mkdtempSync(join(tmpdir(), 'donna-canary-'));
  try {
    plant(project);
    const found = await findViolations(project);
    const missed = Object.keys(CANARY).filter((rule) => !found.some((violation) => violation.rule === rule));
    const wrong = found.filter(({ where }) => Object.keys(ALLOWED).some((file) => where.startsWith(file)));
    const unplanted = rules.forbidden.filter(({ name }) => CANARY[name] === undefined);
    return [
      ...unplanted.map(({ name }) => `nothing is planted for ${name}`),
      ...missed.map((rule) => `a planted violation of ${rule} was not found`),
      ...wrong.map(({ rule, where }) => `${where} is allowed but was reported for ${rule}`),
    ];
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
}

function plant(project) {
  const write = (path, text) => {
    mkdirSync(dirname(join(project, path)), { recursive: true });
    writeFileSync(join(project, path), `${text}\n`);
  };
  for (const files of [...Object.values(CANARY), ALLOWED]) {
    for (const [path, text] of Object.entries(files)) write(path, text);
  }
  for (const name of ['canary-dev-tool', 'canary-undeclared']) {
    write(
      `node_modules/${name}/package.json`,
      JSON.stringify({ name, version: '1.0.0', type: 'module', main: 'index.js' }),
    );
    write(`node_modules/${name}/index.js`, 'export const tool = 1;');
  }
  write(
    'package.json',
    JSON.stringify({ name: 'canary', type: 'module', devDependencies: { 'canary-dev-tool': '1.0.0' } }),
  );
  write('tsconfig.json', readFileSync(join(root, 'tsconfig.json'), 'utf8'));
}

async function findViolations(project) {
  const { forbidden, options } = rules;
  const { output } = await cruise(
    ['src'],
    { ...options, ruleSet: { forbidden }, validate: true, baseDir: project },
    undefined,
  );
  const { error, violations, totalCruised } = output.summary;
  if (totalCruised === 0) throw new Error('dependency-cruiser saw no file');
  if (error > 0 && violations.length === 0) throw new Error('dependency-cruiser reported errors without violations');
  return [
    ...violations.map(({ rule, from, to }) => ({ rule: rule.name, where: `${from} → ${to}` })),
    ...findEnvironmentReads(project),
  ];
}

function findEnvironmentReads(project) {
  const files = readdirSync(join(project, 'src'), { recursive: true }).map(
    (name) => `src/${name.replaceAll('\\', '/')}`,
  );
  return files
    .filter((file) => /(?<!\.spec)\.tsx?$/.test(file) && !file.startsWith('src/config/'))
    .flatMap((file) =>
      readFileSync(join(project, file), 'utf8')
        .replace(HANDED_OVER, '')
        .split('\n')
        .flatMap((line, index) =>
          readsEnvironment(line) ? [{ rule: 'environment-in-config-only', where: `${file}:${index + 1}` }] : [],
        ),
    );
}

function readsEnvironment(line) {
  const code = line.replace(/^\s*(\/\/|\/?\*).*$/, '').replace(/\s\/\/ .*$/, '');
  return /\bprocess\s*(\?\.|\.)\s*env\b|\bprocess\[|\bimport\s*\{[^}]*\benv\b[^}]*\}\s*from\s*['"](node:)?process['"]/.test(
    code,
  );
}
