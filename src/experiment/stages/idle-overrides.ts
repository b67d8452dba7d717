import { isStageable, type RouteTable } from '../../routing/index.js';
import type { Logger } from '../../trace/index.js';
import type { StageOverride } from './stage-store.js';

/** Overrides without effect: their route is not in the table any more, or lost one of its two sides. */
export function findIdle(table: RouteTable, overrides: Iterable<StageOverride>): readonly StageOverride[] {
  const stageable = new Set(table.routes.filter(isStageable).map(({ name }) => name));
  return [...overrides].filter(({ route }) => !stageable.has(route));
}

/** Tells of them, once for each set: a route that was rolled back and is given another name would be served natively again. */
export class IdleWatch {
  private told = '';

  constructor(private readonly logger: Logger) {}

  see(idle: readonly StageOverride[]): void {
    const routes = idle.map(({ route }) => route);
    const key = routes.join(' ');
    if (key === this.told) return;
    this.told = key;
    if (routes.length > 0)
      this.logger.warn(
        { routes },
        'stage overrides without effect: no route of these names can have another stage. Was one renamed, its override does not follow it',
      );
  }
}
