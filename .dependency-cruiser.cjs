// Who may import whom. scripts/check-dependency-rules.mjs runs these rules, over planted violations first.
const INFRASTRUCTURE =
  'config|privacy|trace|state|database|edge|auth|tokens|throttle|workers|contract|routing|secrets|forward|cache|replication|outbound|retention|persons|errors|metrics|telemetry|watch';
const ABOVE = 'features|admin|experiment|cli|realtime|openapi';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'A circle has no order of understanding. Type-only imports are gone at run time and may close one.',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'siblings-by-the-door',
      comment: 'A folder of src/ is entered through its index.ts only.',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/[^/]+/', pathNot: ['^src/$1/', '^src/[^/]+/index\\.ts$'] },
    },
    {
      name: 'root-by-the-door',
      comment:
        'main.ts, app.module.ts and pipeline.ts enter folders through their index.ts too; each feature has its own.',
      severity: 'error',
      from: { path: '^src/[^/]+\\.ts$', pathNot: '\\.spec\\.ts$' },
      to: { path: '^src/[^/]+/', pathNot: '^src/([^/]+|features/[^/]+)/index\\.ts$' },
    },
    {
      name: 'infrastructure-below-features',
      comment: 'What carries requests does not know what answers them.',
      severity: 'error',
      from: { path: `^src/(${INFRASTRUCTURE})/` },
      to: { path: `^src/(${ABOVE})/` },
    },
    {
      name: 'rooms-below-the-root',
      comment: 'main.ts, app.module.ts and pipeline.ts put the rooms together; no room looks up at them.',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^src/[^/]+\\.ts$' },
    },
    {
      name: 'browser-code-alone',
      comment: 'What runs in a browser is bundled by itself: it needs nothing of Node, and nobody here needs it.',
      severity: 'error',
      from: { path: '^src/realtime/client/' },
      to: { pathNot: '^src/realtime/client/' },
    },
    {
      name: 'dashboard-alone',
      comment:
        'The same for the dashboard; the types of the admin API and what is bundled with it are its only imports.',
      severity: 'error',
      from: { path: '^src/admin/ui/', pathNot: '\\.spec\\.ts$' },
      to: { pathNot: ['^src/admin/ui/', '^src/admin/admin-api\\.ts$', '^node_modules/(preact|uplot)/'] },
    },
    {
      name: 'no-value-of-the-contract',
      comment: 'admin-api.ts is types: nothing of it, and so nothing of Node, gets into the bundle.',
      severity: 'error',
      from: { path: ['^src/admin/admin-api\\.ts$', '^src/admin/admin-api\\.security\\.ts$'] },
      to: { pathNot: '^src/admin/admin-api\\.security\\.ts$' },
    },
    {
      name: 'no-browser-code-in-node',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/realtime/client/' },
      to: { path: '^src/realtime/client/' },
    },
    {
      name: 'no-dashboard-in-node',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/admin/ui/' },
      to: { path: '^src/admin/ui/' },
    },
    {
      name: 'no-test-in-src',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^test/' },
    },
    {
      name: 'no-spec-imported',
      severity: 'error',
      from: {},
      to: { path: '\\.(spec|e2e-spec)\\.ts$' },
    },
    {
      name: 'no-dev-dependency-in-src',
      comment: 'An image installs without development dependencies. The dashboard is bundled at build time.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['\\.spec\\.ts$', '^src/admin/ui/'] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only', 'npm'] },
    },
    {
      name: 'no-undeclared-dependency',
      comment: 'What package.json does not name is there by luck.',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      mainFields: ['main', 'types'],
    },
  },
};
