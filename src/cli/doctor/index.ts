export { examine } from './doctor.js';
export { DOCTOR_HELP, readDoctorOptions } from './doctor-options.js';
export { hasFault, printJson, printResults } from './print-results.js';
