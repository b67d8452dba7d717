export { ConfigError } from './config-error.js';
export type { ConfigFault } from './config-error.js';
export { CONFIG, ConfigModule } from './config.module.js';
export type { Environment, GatewayConfig, LogLevel, ProviderConfig } from './gateway-config.js';
export { loadConfig } from './load-config.js';
export type { LoadOptions } from './load-config.js';
export { type Mailbox, readAddress } from './mailbox.js';
