export { HealthModule } from './health/health.module.js';
export { ReservedModule } from './reserved/reserved.module.js';
