export { Strays } from './strays.js';
