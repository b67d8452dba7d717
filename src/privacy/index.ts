export { bareText, classAndPlace, type CleanError } from './clean-error.js';
export { type CleanLine, LogCleaner } from './log-cleaner.js';
export { cleanPhpLine } from './php-error-line.js';
export { Pseudonyms } from './pseudonyms.js';
