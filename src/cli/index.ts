export { banner } from './banner.js';
export { describeStaged } from './describe-staged.js';
export { DOCTOR_HELP, examine, hasFault, printJson, printResults, readDoctorOptions } from './doctor/index.js';
export { HELP, readStartOptions } from './start-options.js';
export { findUnreachable } from './unreachable-targets.js';
