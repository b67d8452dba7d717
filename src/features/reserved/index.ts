export { ReservedModule } from './reserved.module.js';
