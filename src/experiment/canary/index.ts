export { NativeTurns } from './native-turns.js';
export { NOT_ASKED, watchServed } from './watch-served.js';
