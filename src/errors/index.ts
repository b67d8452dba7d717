export { reportError, reportTheEnd } from './error-reports.js';
export { ErrorsModule } from './errors.module.js';
