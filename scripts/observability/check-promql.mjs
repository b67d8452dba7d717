// Whether a PromQL expression can be read, and asks for what there is: metrics, their labels and those labels' values.
import { parser } from '@prometheus-io/lezer-promql';

const COUNTING = new Set(['rate', 'irate', 'increase', 'resets']);
const SUFFIXES = ['_bucket', '_sum', '_count'];
/** What Prometheus adds by itself. */
const OF_THE_SCRAPE = ['job', 'instance'];
const OWN_METRICS = new Map([['up', { type: 'gauge', labels: [], help: '' }]]);
/** Labels whose values are names of the route table, or of a release. */
const FREE_VALUES = new Set([
  'route',
  'upstream',
  'target',
  'policy',
  'version',
  'environment',
  'job',
  'instance',
  'le',
  'quantile',
]);

/**
 * @param {Map<string, { type: string, labels: string[], help: string }>} metrics
 * @returns {string[]} what is wrong
 */
export function checkPromql(given, metrics) {
  const query = given.replace(/\$__(?:rate_)?interval|\$__range/g, '5m');
  const faults = [];
  const known = new Set(OF_THE_SCRAPE);
  const grouped = new Set();
  const text = ({ from, to }) => query.slice(from, to);
  parser.parse(query).iterate({
    enter(node) {
      if (node.type.isError) {
        faults.push(`cannot be read at "${query.slice(node.from, node.from + 20)}"`);
        return;
      }
      if (node.name === 'VectorSelector') {
        const found = checkSelector(node.node, text, metrics, faults);
        for (const label of found) known.add(label);
      }
      if (node.name === 'GroupingLabels')
        for (const label of node.node.getChildren('LabelName')) grouped.add(text(label));
    },
  });
  // Every program with such a library tells these: without this gateway's own beside them, the alert is about another.
  if (/\b(?:process|nodejs)_\w/.test(query) && !query.includes('donna_'))
    faults.push('asks every program that Prometheus knows: add "and on (job, instance) donna_build_info"');
  for (const label of grouped) if (!known.has(label)) faults.push(`groups by ${label}, which none of its metrics has`);
  return faults;
}

/** @returns the labels of the selector's metric */
function checkSelector(selector, text, metrics, faults) {
  const name = selector.getChild('Identifier');
  if (name === null) {
    faults.push('names no metric');
    return [];
  }
  const wanted = text(name);
  const metric = findMetric(wanted, metrics);
  if (metric === undefined) {
    faults.push(`there is no metric ${wanted}`);
    return [];
  }
  const labels = [...metric.labels, ...OF_THE_SCRAPE, ...(wanted.endsWith('_bucket') ? ['le'] : [])];
  for (const matcher of selector.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []) {
    const label = text(matcher.getChild('LabelName'));
    const values = text(matcher.getChild('StringLiteral')).slice(1, -1).split('|');
    if (!labels.includes(label)) faults.push(`${wanted} has no label ${label}`);
    else if (!FREE_VALUES.has(label))
      for (const value of values)
        if (!saysWord(metric.help, value)) faults.push(`${wanted} tells nothing of ${label} ${value}`);
  }
  const called = callOf(selector, text);
  const isCount = metric.type === 'counter' || (metric.type === 'histogram' && wanted !== metric.name);
  if (called !== undefined && COUNTING.has(called) && !isCount)
    faults.push(`${called}() of ${wanted}, which is a ${metric.type}`);
  if (isCount && metric.type === 'counter' && called === undefined && !isCompared(selector))
    faults.push(`${wanted} is a counter: it says something by its rate`);
  return labels;
}

function findMetric(wanted, metrics) {
  const own = metrics.get(wanted) ?? OWN_METRICS.get(wanted);
  // The name of a histogram alone has no samples.
  if (own !== undefined) return own.type === 'histogram' ? undefined : { ...own, name: wanted };
  for (const suffix of SUFFIXES) {
    const base = wanted.endsWith(suffix) ? wanted.slice(0, -suffix.length) : '';
    if (metrics.get(base)?.type === 'histogram') return { ...metrics.get(base), name: base };
  }
  return undefined;
}

/** A label's values are listed in its metric's meaning. */
function saysWord(help, value) {
  return value === '' || new RegExp(`(?<![\\w-])${value.replace(/\.[*+]$/, '')}(?![\\w])`).test(help);
}

/** The function that is directly around the range of a selector. */
function callOf(selector, text) {
  const around = selector.parent?.name === 'MatrixSelector' ? selector.parent.parent?.parent : undefined;
  const name = around?.getChild('FunctionIdentifier');
  return name === null || name === undefined ? undefined : text(name);
}

/** Only whether it is there is asked for. */
function isCompared(selector) {
  for (let node = selector.parent; node !== null; node = node.parent) {
    const called = node.getChild?.('FunctionIdentifier')?.firstChild?.name;
    if (called === 'Absent') return true;
  }
  return false;
}
