// Whether the dashboard, the alert rules and the runbook of docs/operations/ ask for metrics that there are:
//   npm run check:observability
// Each expression must parse as PromQL, and its metrics, labels and labels' values stand in docs/operations/metrics.md, which
// test/e2e/metrics.e2e-spec.ts holds against a gateway. Before that, planted faults must be found.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { checkPromql } from './observability/check-promql.mjs';
import { readReference } from './observability/metrics-reference.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, 'docs/operations');
const read = (name) => readFileSync(join(folder, name), 'utf8');
const metrics = readReference(read('metrics.md'));
const runbook = read('observability.md');
const SEVERITIES = new Set(['page', 'ticket']);

/** An expression, and what must be found wrong with it; undefined: nothing. */
const CANARY = [
  ['sum(rate(donna_http_request_seconds_count[5m])', /cannot be read/],
  ['rate(donna_http_requests_seconds_count[5m])', /no metric/],
  ['rate(donna_http_request_seconds[5m])', /no metric/],
  ['rate(donna_http_request_seconds_count{status="500"}[5m])', /no label status/],
  ['rate(donna_http_request_seconds_count{class="5XX"}[5m])', /nothing of class 5XX/],
  ['sum by (path) (rate(donna_http_request_seconds_count[5m]))', /groups by path/],
  ['rate(donna_http_requests_under_way[5m])', /is a gauge/],
  ['donna_stage_changes_total > 0', /by its rate/],
  ['{job="donna"}', /names no metric/],
  ['max by (instance) (process_resident_memory_bytes) > 1.5e9', /every program/],
  [
    'histogram_quantile(0.95, sum by (le, route) (rate(donna_http_request_seconds_bucket{class=~"2xx|5xx"}[$__rate_interval])))',
    undefined,
  ],
  ['up{job="donna-gateway"} == 0', undefined],
];

let checked = 0;
const faults = [];

for (const [expression, expected] of CANARY) {
  const found = checkPromql(expression, metrics).join('; ');
  if (expected === undefined ? found !== '' : !expected.test(found))
    faults.push(`planted: ${expression}: ${found === '' ? 'nothing was found' : found}`);
}
checkDashboard(JSON.parse(read('grafana/donna-gateway.json')));
checkAlerts(parse(read('prometheus/alerts.yml')));
checkRunbook();
if (metrics.size < 50) faults.push(`metrics.md has ${metrics.size} metrics only`);

for (const fault of faults) console.log(fault);
console.log(
  `Observability: ${faults.length} faults in ${checked} expressions over ${metrics.size} metrics (${CANARY.length} planted).`,
);
process.exitCode = faults.length === 0 ? 0 : 1;

function check(where, expression) {
  checked += 1;
  for (const fault of checkPromql(expression, metrics)) faults.push(`${where}: ${fault}`);
}

function checkDashboard({ uid, templating, panels }) {
  const ids = new Set();
  if (!templating.list.some(({ type }) => type === 'datasource'))
    faults.push('dashboard: no variable for the data source');
  if (typeof uid !== 'string') faults.push('dashboard: no uid');
  for (const { query, definition, name } of templating.list.filter(({ type }) => type === 'query')) {
    const [, metric, label] = /^label_values\((\w+)[^,]*, (\w+)\)$/.exec(query.query ?? definition) ?? [];
    const base = metric?.replace(/_(?:count|sum|bucket)$/, '');
    if (!metrics.get(base ?? '')?.labels.includes(label)) faults.push(`dashboard: variable ${name} has no values`);
  }
  for (const { id, title, type, targets = [], gridPos, datasource } of panels) {
    if (ids.has(id)) faults.push(`dashboard: two panels have the id ${id}`);
    ids.add(id);
    if (gridPos === undefined || gridPos.x + gridPos.w > 24) faults.push(`dashboard: "${title}" lies outside`);
    if (type === 'row') continue;
    if (datasource?.uid !== '${datasource}') faults.push(`dashboard: "${title}" has a data source of its own`);
    if (targets.length === 0) faults.push(`dashboard: "${title}" shows nothing`);
    for (const { expr } of targets) check(`dashboard, "${title}"`, expr);
  }
}

function checkAlerts({ groups }) {
  const names = new Set();
  for (const rule of groups.flatMap(({ rules }) => rules)) {
    const { alert, record, expr, labels = {}, annotations = {} } = rule;
    if (record !== undefined) {
      check(`alerts.yml, ${record}`, String(expr));
      continue;
    }
    const where = `alerts.yml, ${alert}`;
    if (names.has(alert)) faults.push(`${where}: is there twice`);
    names.add(alert);
    check(where, String(expr));
    if (rule.for === undefined) faults.push(`${where}: no "for"`);
    if (!SEVERITIES.has(labels.severity)) faults.push(`${where}: no severity of ${[...SEVERITIES].join(', ')}`);
    if (annotations.summary === undefined) faults.push(`${where}: no summary`);
    for (const [, label] of (annotations.summary ?? '').matchAll(/\$labels\.(\w+)/g))
      if (
        !new RegExp(`\\b${label}\\b`).test(String(expr)) &&
        !metricsIn(String(expr)).some(({ labels: own }) => own.includes(label))
      )
        faults.push(`${where}: its summary names the label ${label}`);
    const anchor = `${alert}`.toLowerCase();
    if (annotations.runbook_url !== `docs/operations/observability.md#${anchor}`)
      faults.push(`${where}: no runbook_url to #${anchor}`);
    if (!new RegExp(`^### ${alert}$`, 'm').test(runbook))
      faults.push(`${where}: observability.md has no section of it`);
  }
  for (const [, section] of runbook.matchAll(/^### (Donna\w+)$/gm))
    if (!names.has(section)) faults.push(`observability.md: there is no alert ${section}`);
}

function metricsIn(expression) {
  return [...metrics].filter(([name]) => expression.includes(name)).map(([, metric]) => metric);
}

/** Blocks of PromQL, of log queries, and links to files. */
function checkRunbook() {
  for (const [, block] of runbook.matchAll(/^```promql\n([\s\S]*?)^```$/gm))
    for (const expression of block.split(/\n\n|\n(?=#)/)) {
      const bare = expression.replace(/^#.*$/gm, '').trim();
      if (bare !== '') check('observability.md', bare);
    }
  const fields = logFields();
  for (const [, block] of runbook.matchAll(/^```sh\n([\s\S]*?)^```$/gm))
    for (const [, filter] of block.matchAll(/jq [^']*'([^']*)'/g)) {
      checked += 1;
      for (const [, field] of filter.replace(/"[^"]*"/g, '""').matchAll(/\.([a-zA-Z]\w*)/g))
        if (!fields.has(field)) faults.push(`observability.md: lines of the log have no field ${field}`);
    }
  for (const file of ['observability.md', 'README.md'])
    for (const [, target] of read(file).matchAll(/\]\((?!https?:|#)([^)#]+)/g))
      if (!existsSync(join(folder, target))) faults.push(`${file}: there is no ${target}`);
}

/** Of the line of a request, as the sources write it, and what each line has. */
function logFields() {
  const sources = ['src/trace/exchange.ts', 'src/trace/access-log.ts'].map((file) =>
    readFileSync(join(root, file), 'utf8'),
  );
  const notes = /interface ExchangeNotes \{([\s\S]*?)\n\}/.exec(sources[0])?.[1] ?? '';
  const line = /const line = \{([\s\S]*?)\n {2}\};/.exec(sources[1])?.[1] ?? '';
  return new Set([
    'level',
    'time',
    'msg',
    'fault',
    ...Array.from(notes.matchAll(/^ {2}(\w+)\??:/gm), ([, name]) => name),
    ...Array.from(line.matchAll(/^ {4}(\w+)[:,]|\{ (\w+)[ :}]/gm), ([, name, inner]) => name ?? inner),
  ]);
}
