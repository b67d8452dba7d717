import { join } from 'node:path';
import { buildClient } from '../../scripts/build-client.mjs';

/** Before all suites: gateways that run from sources find the browser's library where src/realtime/delivery looks for it. */
export default async function buildClientOnce() {
  await buildClient(join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'donna-gateway', 'client'));
}
