import { join } from 'node:path';
import { buildClient, buildDashboard } from '../../scripts/build-client.mjs';

/** Before all suites: gateways that run from sources find what browsers load where src/realtime/delivery and src/admin/page look for it. */
export default async function buildClientOnce() {
  const cache = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'donna-gateway');
  await Promise.all([buildClient(join(cache, 'client')), buildDashboard(join(cache, 'admin-ui'))]);
}
