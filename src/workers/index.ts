export type { Desk } from './desk.js';
export { Link, LinkError } from './link.js';
export { askPeers, PeerDesk, tellPeers } from './peers.js';
export { ThisWorker } from './this-worker.js';
export { type Topic, topic } from './topic.js';
export type { WorkerPlace } from './worker-place.js';
export { WorkerPool, WorkerStartError } from './worker-pool.js';
export { WORKER_PLACE, WorkersModule } from './workers.module.js';
