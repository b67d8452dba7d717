import { type OwnPaths, servedPath } from './own-paths.js';
import { parseRouteFile, type RouteFault, RouteTableError } from './route-file.js';
import { readExperiment } from './experiment-reader.js';
import type { Route, RouteTable, UpstreamSettings } from './route.js';
import { checkCaches } from './cache-policy.js';
import { checkConflicts } from './route-conflicts.js';
import { PolicyReader, type ReportFault } from './policy-reader.js';
import { whyNotStage } from './stage.js';
import type { RouteInput, RouteTableInput, UpstreamInput } from './route-table.input.js';

/** What the loader must know besides the text. */
export interface LoadOptions {
  /** Shown in faults. */
  readonly file: string;
  /** What `${REMOTE_PHP_BASE}` stands for. */
  readonly phpTargets: readonly string[];
  /** Names of the native handlers there are. */
  readonly handlers: ReadonlySet<string>;
  /** Names of the DTOs there are. */
  readonly dtos?: ReadonlySet<string>;
  /** Where the gateway's own pages are served; where the table says when left out. */
  readonly paths?: OwnPaths;
}

/** Reads a route table whole. @throws RouteTableError that lists every fault with its line; nothing is half loaded. */
export function loadRouteTable(text: string, options: LoadOptions): RouteTable {
  const parsed = parseRouteFile(options.file, text);
  const input = parsed.data as RouteTableInput;
  const faults: RouteFault[] = [];
  const fault = (path: readonly string[], problem: string): void => {
    const where = path.join('.');
    // What many routes have from the defaults is one fault.
    if (faults.some((known) => known.where === where && known.problem === problem)) return;
    faults.push({ line: parsed.lineOf(path), where, problem });
  };

  const upstreams = new Map<string, UpstreamSettings>();
  for (const [name, upstream] of Object.entries(input.upstreams ?? {})) {
    upstreams.set(name, readUpstream(name, upstream, options.phpTargets, fault));
  }
  const bridges = [...upstreams.values()].filter(({ documents }) => documents !== undefined);
  if (bridges.length > 1)
    fault(['upstreams', bridges[1]?.name ?? ''], 'has `documents` as another has: one application keeps the documents');
  const policies = new PolicyReader(input, options.dtos ?? new Set(), fault);
  const routes = Object.entries(input.routes).map(([name, route]): Route => {
    const at = ['routes', name];
    checkReferences(at, route, upstreams, options.handlers, fault);
    const { action } = route.match;
    const stage = route.stage ?? (route.upstream === undefined ? 'replaced' : 'proxy');
    return {
      name,
      match: {
        path: servedPath(route, options.paths),
        methods: withHead(route.match.methods ?? []),
        actions: action === undefined ? undefined : typeof action === 'string' ? [action] : action,
      },
      upstream: route.upstream,
      handler: route.handler,
      stage,
      weight: stage === 'canary' ? (route.weight ?? 0) : 0,
      experiment: readExperiment(at, route, fault),
      policies: policies.read(at, route.policies ?? {}),
    };
  });
  checkConflicts(routes, fault);
  checkCaches(routes, fault);
  if (faults.length > 0)
    throw new RouteTableError(
      options.file,
      faults.toSorted((a, b) => a.line - b.line),
    );
  return { upstreams, routes };
}

function readUpstream(
  name: string,
  input: UpstreamInput,
  phpTargets: readonly string[],
  fault: ReportFault,
): UpstreamSettings {
  const targets = input.targets.flatMap((target) => (target === '${REMOTE_PHP_BASE}' ? phpTargets : [target]));
  if (targets.length === 0)
    fault(['upstreams', name, 'targets'], 'names no address: set REMOTE_PHP_BASE, e.g. http://127.0.0.1:8080');
  for (const target of targets) {
    if (!isAddress(target))
      fault(['upstreams', name, 'targets'], `"${target}" must be an address such as http://127.0.0.1:8080`);
  }
  if (input.documents !== undefined && input.identity !== true)
    fault(['upstreams', name, 'documents'], 'needs identity: true, since PHP answers signed calls alone');
  return {
    name,
    targets: targets.filter(isAddress),
    health: { path: input.health?.path, intervalMs: input.health?.intervalMs ?? 5000 },
    connectTimeoutMs: input.connectTimeoutMs ?? 2000,
    host: input.host ?? 'auto',
    identity: input.identity ?? false,
    session: input.session,
    documents: input.documents,
    breaker: {
      threshold: input.breaker?.threshold ?? 0.5,
      windowMs: input.breaker?.windowMs ?? 10_000,
      openMs: input.breaker?.openMs ?? 1000,
    },
    connections: input.connections ?? 256,
  };
}

function isAddress(target: string): boolean {
  if (!URL.canParse(target)) return false;
  const { protocol, username, password, search, hash } = new URL(target);
  return /^https?:$/.test(protocol) && username === '' && password === '' && search === '' && hash === '';
}

function checkReferences(
  at: readonly string[],
  route: RouteInput,
  upstreams: ReadonlyMap<string, UpstreamSettings>,
  handlers: ReadonlySet<string>,
  fault: ReportFault,
): void {
  if (route.upstream === undefined && route.handler === undefined) fault(at, 'needs an upstream, a handler or both');
  if (route.upstream !== undefined && !upstreams.has(route.upstream)) {
    fault([...at, 'upstream'], `there is no upstream "${route.upstream}"; known: ${[...upstreams.keys()].join(', ')}`);
  }
  if (route.handler !== undefined && !handlers.has(route.handler)) {
    fault(
      [...at, 'handler'],
      `there is no native handler "${route.handler}"; known: ${[...handlers].toSorted().join(', ')}`,
    );
  }
  const { stage, weight, upstream, handler } = route;
  const problem = stage === undefined ? undefined : whyNotStage(stage, { upstream, handler });
  if (problem !== undefined) fault([...at, 'stage'], problem);
  // A weight beside another stage is left in peace: who takes a canary back in a hurry edits one word.
  if (stage === 'canary' && weight === undefined) fault([...at, 'stage'], 'canary needs a weight, 0 to 100');
}

/** GET implies HEAD (RFC 9110, section 9.3.2). */
function withHead(methods: readonly string[]): readonly string[] {
  return methods.includes('GET') && !methods.includes('HEAD') ? [...methods, 'HEAD'] : methods;
}
