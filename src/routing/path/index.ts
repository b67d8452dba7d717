export { decodePercent, hexValue } from './percent.js';
export { parseRequestTarget, type RequestTarget } from './request-target.js';
export { type ResolvedPath, resolvePath } from './resolve-path.js';
