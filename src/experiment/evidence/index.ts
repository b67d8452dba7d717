export { EvidenceBook } from './evidence-book.js';
export { EvidenceKeeper } from './evidence-keeper.js';
export { EvidenceStore } from './evidence-store.js';
export type { RouteEvidence, Sample } from './route-evidence.js';
export { RouteNoise } from './route-noise.js';
