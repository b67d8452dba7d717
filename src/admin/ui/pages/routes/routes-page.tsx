import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { RouteView, StageName } from '../../../admin-api.js';
import { apiUrl } from '../../api/addresses.js';
import { plural } from '../../format.js';
import { Page } from '../../parts/page.js';
import { Empty, Gate } from '../../parts/states.js';
import { useLive, useLiveAgain } from '../../state/use-live.js';
import { useLoad } from '../../state/use-load.js';
import type { PageProps } from '../index.js';
import { RouteDetail } from './route-detail.js';
import { RouteTable } from './route-table.js';

const REFRESH_MS = 15_000;
const STAGES: readonly StageName[] = ['proxy', 'mirror', 'canary', 'replaced'];

/** The route table as it is in effect, and a route's stage to be changed. */
export function RoutesPage({ name }: PageProps): JSX.Element {
  const loaded = useLoad<readonly RouteView[]>(apiUrl('routes'), REFRESH_MS);
  const [words, setWords] = useState('');
  const [stage, setStage] = useState('');
  useLive('route', loaded.reload);
  useLiveAgain(loaded.reload);
  return (
    <Page title="Routes" lead="Which request meets which policies, and who answers it.">
      <Gate loaded={loaded} what="the routes">
        {(routes) => {
          const shown = movableFirst(routes.filter((route) => isMeant(route, words, stage)));
          const chosen = routes.find(({ route }) => route === name);
          return (
            <div class={name === '' ? 'split' : 'split has-detail'}>
              <section class="card list-side" aria-label="All routes">
                {routes.some(({ isOverrideKnown }) => !isOverrideKnown) && (
                  <p class="note tone-warn" role="status">
                    The database gives no answer: which stages were changed while the gateway ran is not known. Until it
                    is, PHP answers what it can, whatever the route table says.
                  </p>
                )}
                <div class="filters card-head">
                  <input
                    type="search"
                    aria-label="Filter by name, path or policy"
                    placeholder="Filter by name, path or policy"
                    value={words}
                    onInput={(event) => setWords(event.currentTarget.value)}
                  />
                  <select aria-label="Stage" value={stage} onChange={(event) => setStage(event.currentTarget.value)}>
                    <option value="">Every stage</option>
                    {STAGES.map((one) => (
                      <option key={one} value={one}>
                        {one}
                      </option>
                    ))}
                    <option value="overridden">Overridden</option>
                    <option value="movable">With a native handler beside PHP</option>
                  </select>
                  <span class="soft" role="status">
                    {plural(shown.length, 'route')}
                  </span>
                </div>
                {shown.length === 0 ? (
                  <Empty>No route is meant by this filter.</Empty>
                ) : (
                  <RouteTable routes={shown} current={name} />
                )}
              </section>
              {name !== '' && <RouteDetail key={name} name={name} route={chosen} onChanged={loaded.reload} />}
            </div>
          );
        }}
      </Gate>
    </Page>
  );
}

/** Those that can move come first; else the order of the table, in which they are matched. */
function movableFirst(routes: readonly RouteView[]): readonly RouteView[] {
  const rank = ({ possible, upstream }: RouteView): number =>
    possible.length > 1 ? 0 : upstream === undefined ? 2 : 1;
  return routes.toSorted((a, b) => rank(a) - rank(b));
}

function isMeant(route: RouteView, words: string, stage: string): boolean {
  const { effective, override, possible, policies } = route;
  if (stage === 'overridden' && override === null) return false;
  if (stage === 'movable' && possible.length < 2) return false;
  if ((STAGES as readonly string[]).includes(stage) && effective.stage !== stage) return false;
  const text = [
    route.route,
    route.path,
    route.handler,
    route.methods.join(' '),
    policies.authorization.name,
    ...policies.rateLimit.map((limit) => limit.name),
  ]
    .join(' ')
    .toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
