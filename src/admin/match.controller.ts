import { Controller, Header, Inject, Req } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../contract/index.js';
import { StageBoard } from '../experiment/index.js';
import {
  isLookAlikeAction,
  NativeHandler,
  parseRequestTarget,
  readQueryValue,
  resolvePath,
  type RouteGroup,
  RouteMatcher,
} from '../routing/index.js';
import type { MatchView } from './admin-api.js';
import { adminRequest } from './admin-request.js';

const METHOD = /^[A-Z]{1,20}$/;
const MAX_TARGET = 8192;

/** Which route a request would meet, without sending it. For administrators. */
@Controller()
export class MatchController {
  constructor(@Inject(StageBoard) private readonly board: StageBoard) {}

  @NativeHandler('admin.match')
  @Header('Cache-Control', 'no-store')
  show(@Req() req: IncomingMessage): MatchView {
    const { exchange } = adminRequest(req);
    const query = new URLSearchParams(exchange.search);
    const [method, target] = [query.get('method') ?? '', query.get('target') ?? ''];
    if (!METHOD.test(method)) throw invalid('method', 'must be a method such as GET');
    if (target === '' || target.length > MAX_TARGET)
      throw invalid('target', 'must be an address such as /api/x.php?action=y');
    return { method, target, ...this.find(method, target) };
  }

  private find(method: string, target: string): Omit<MatchView, 'method' | 'target'> {
    const read = parseRequestTarget(target, method);
    if (read.kind === 'refused') return { kind: 'refused', reason: read.reason };
    const resolved = resolvePath(read.pathAndQuery);
    if (resolved.kind === 'refused') return { kind: 'refused', reason: resolved.reason };
    const { path, search } = resolved;
    const matcher = new RouteMatcher({ upstreams: new Map(), routes: this.board.all().map(({ route }) => route) });
    const match = matcher.match(method, resolved);
    switch (match.kind) {
      case 'none':
        return { kind: 'no-route', path };
      case 'method-not-allowed':
        return { kind: 'method-not-allowed', path, allow: match.allow };
      case 'group':
        return { path, ...settle(match.group, search) };
    }
  }
}

/** The route that the action in the query settles; what a body would say besides nobody knows. */
function settle(
  { gate, base, byAction, gatesByAction }: RouteGroup,
  search: string,
): Omit<MatchView, 'method' | 'target'> {
  if (byAction === undefined) return { kind: 'route', route: gate.name };
  const told = {
    byAction: Object.fromEntries([...byAction].map(([action, { name }]) => [action, name])),
    isByBody: gatesByAction,
  };
  const said = readQueryValue(search, 'action');
  if (said.kind === 'not-scalar') return { kind: 'refused', reason: 'Send "action" as a single text value.', ...told };
  const named = said.kind === 'value' ? byAction.get(said.value) : undefined;
  if (named === undefined && said.kind === 'value' && isLookAlikeAction(said.value, byAction.keys()))
    return { kind: 'refused', reason: 'Write "action" in its exact spelling.', ...told };
  const route = named ?? base;
  return route === undefined ? { kind: 'no-action', ...told } : { kind: 'route', route: route.name, ...told };
}

function invalid(field: string, problem: string): GatewayError {
  return new GatewayError('VALIDATION_FAILED', { validationErrors: { [field]: problem } });
}
