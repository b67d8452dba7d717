export { Mirror, type RouteMirror } from './mirror.js';
