import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { RouteView } from '../../../admin-api.js';
import { callApi } from '../../api/access.js';
import { apiUrl } from '../../api/addresses.js';
import { formatDuration } from '../../format.js';
import { ConfirmDialog } from '../../parts/dialog.js';
import { Card } from '../../parts/page.js';
import { Empty, Gate } from '../../parts/states.js';
import { useLoad } from '../../state/use-load.js';

/** Throws stored answers away: all, or those of one route. */
export function CacheCard(): JSX.Element {
  const loaded = useLoad<readonly RouteView[]>(apiUrl('routes'));
  const [route, setRoute] = useState('');
  const [isOpen, setOpen] = useState(false);
  const [done, setDone] = useState('');
  const purge = async (): Promise<void> => {
    const query = route === '' ? '' : `?route=${encodeURIComponent(route)}`;
    await callApi('DELETE', `${apiUrl('cache')}${query}`);
    setDone(route === '' ? 'Everything was thrown away.' : `The answers of ${route} were thrown away.`);
  };
  return (
    <Card title="Response cache" note="in every instance">
      <Gate loaded={loaded} what="the routes with a cache">
        {(routes) => {
          const cached = routes.filter(({ policies }) => policies.cache !== undefined);
          if (cached.length === 0) return <Empty>No route has a cache.</Empty>;
          return (
            <div class="filters">
              <select
                aria-label="Whose answers"
                value={route}
                onChange={(event) => setRoute(event.currentTarget.value)}
              >
                <option value="">Every route</option>
                {cached.map(({ route: name, policies }) => (
                  <option key={name} value={name}>
                    {name}, {formatDuration((policies.cache?.ttlS ?? 0) * 1000)}
                  </option>
                ))}
              </select>
              <button type="button" onClick={() => setOpen(true)}>
                Throw answers away
              </button>
              <span class="soft" role="status">
                {done}
              </span>
            </div>
          );
        }}
      </Gate>
      {isOpen && (
        <ConfirmDialog
          title="Throw stored answers away"
          action="Throw away"
          onConfirm={purge}
          onClose={() => setOpen(false)}
        >
          <p class="consequence">
            {route === '' ? 'The answers of every route' : `The answers of ${route}`} are asked for anew, at every
            instance: for a moment PHP has more to do.
          </p>
        </ConfirmDialog>
      )}
    </Card>
  );
}
