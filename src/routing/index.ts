export { type ActionResult, readAction } from './action.js';
export { NativeHandler, nativeHandlerNames, nativeHandlerPath } from './native-handler.js';
export { parseRequestTarget, resolvePath } from './path/index.js';
export type {
  AuthorizationPolicy,
  ConcurrencyBounds,
  RateLimitPolicy,
  Route,
  RoutePolicies,
  RouteTable,
  SignaturePolicy,
  UpstreamSettings,
} from './route.js';
export { RouteTableError } from './route-file.js';
export { RouteTableKeeper } from './route-table-keeper.js';
export { type RouteGroup, RouteMatcher } from './route-matcher.js';
