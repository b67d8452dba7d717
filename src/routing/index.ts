export { type ActionResult, isLookAlikeAction, readAction } from './action.js';
export {
  emptyRecord,
  hasTooManyFields,
  isRecord,
  type MultipartFields,
  namesInOrder,
  phpFieldName,
  type PhpRecord,
  type PhpValue,
  readFormTree,
  type Reading,
  readJsonBody,
  readMultipartTree,
  readQueryTree,
  readQueryValue,
  UploadedFile,
} from './form/index.js';
export { loadRouteTable } from './load-route-table.js';
export {
  type DryRunDeclaration,
  dryRunOf,
  NativeHandler,
  nativeHandlerNames,
  nativeHandlerPath,
} from './native-handler.js';
export { parseRequestTarget, resolvePath } from './path/index.js';
export { type FieldReadings, readField } from './request-field.js';
export type {
  AcceptedDifference,
  AuthorizationPolicy,
  CachePolicy,
  ConcurrencyBounds,
  DecisionSettings,
  ExperimentSettings,
  RateLimitPolicy,
  Route,
  RoutePolicies,
  RouteTable,
  SignaturePolicy,
  UpstreamSettings,
} from './route.js';
export { RouteTableError } from './route-file.js';
export { type LastGoodTable, RouteTableKeeper } from './route-table-keeper.js';
export { isStageable, type Stage, STAGES, type Staging, whyNotStage } from './stage.js';
export { type RouteGroup, RouteMatcher } from './route-matcher.js';
