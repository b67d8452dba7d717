export type { Answerer, NativeRouter } from './candidate-call.js';
export { callBack, openDetached } from './detached-exchange.js';
export { Mirror, type RouteMirror } from './mirror.js';
