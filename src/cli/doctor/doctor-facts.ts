import type { GatewayConfig } from '../../config/index.js';

/** What the checks look at. */
export interface DoctorFacts {
  readonly config: GatewayConfig;
  /** Absolute path of the route table. */
  readonly routesFile: string;
  /** Names of the native handlers and of the DTOs that this build has. */
  readonly handlers: ReadonlySet<string>;
  readonly dtos: ReadonlySet<string>;
}
