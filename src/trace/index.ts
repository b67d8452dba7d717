export { logAccess } from './access-log.js';
export { attachExchange, Exchange, exchangeOf } from './exchange.js';
export type { Logger } from './logger.js';
export { LOGGER } from './logger.token.js';
export { TraceModule } from './trace.module.js';
export { traceFrom, type TraceContext } from './trace-context.js';
