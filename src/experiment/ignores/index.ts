export { DatabaseIgnoreStore } from './database-ignore.store.js';
export { IgnoreBoard } from './ignore-board.js';
export { IgnoreSnapshot } from './ignore-snapshot.js';
export { type IgnoreChange, MAX_IGNORES } from './ignore-store.js';
