import { readFileSync } from 'node:fs';
import { loadRouteTable, type RouteTable, RouteTableError, type UpstreamSettings } from '../../../routing/index.js';
import { type Check, type CheckResult, fault, ok, warning } from '../check.js';
import { describeError } from '../describe-error.js';
import type { DoctorFacts } from '../doctor-facts.js';

/** Stands for the embedded PHP, whose port is chosen at start. */
const EMBEDDED = 'http://127.0.0.1:9';

/** The route table: whether it loads, and what it lets pass without asking who comes. */
export function routeTableCheck(facts: DoctorFacts): Check {
  return { name: 'route table', run: () => look(facts) };
}

/** The upstreams of the route table; none where it does not load. */
export function upstreamsOf(facts: DoctorFacts): readonly UpstreamSettings[] {
  try {
    return [...load(facts).upstreams.values()];
  } catch {
    return [];
  }
}

function* look(facts: DoctorFacts): Generator<CheckResult> {
  let table: RouteTable;
  try {
    table = load(facts);
  } catch (error) {
    if (error instanceof RouteTableError) {
      for (const { line, where, problem } of error.faults)
        yield fault('route table', `line ${line}: ${where}: ${problem}`, `correct it in ${facts.routesFile}`);
    } else {
      yield fault('route table', `cannot be read: ${describeError(error)}`, `make ${facts.routesFile} readable`);
    }
    return;
  }
  const proxied = table.routes.filter(({ stage }) => stage === 'proxy').length;
  yield ok(
    'route table',
    `${table.routes.length} routes, of which PHP answers ${proxied}${facts.config.routes.passThrough ? '; everything passes through' : ''}`,
  );
  if (facts.config.routes.passThrough && facts.config.environment === 'production') {
    yield warning(
      'route table',
      'no table of your own: everything passes to PHP as it comes, nobody is asked who they are',
      'copy routes.pass-through.yaml, add routes with policies, and set ROUTES_FILE',
    );
  }
}

/** @throws RouteTableError; a system error */
function load({ config, routesFile, handlers, dtos }: DoctorFacts): RouteTable {
  const phpTargets = config.php.targets.length === 0 ? [EMBEDDED] : config.php.targets;
  return loadRouteTable(readFileSync(routesFile, 'utf8'), {
    file: routesFile,
    phpTargets,
    handlers,
    dtos,
    paths: config.paths,
  });
}
