import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { RouteView, StageChangeView } from '../../../admin-api.js';
import { apiUrl } from '../../api/addresses.js';
import { formatDay } from '../../format.js';
import { stageText } from '../../parts/badge.js';
import { Icon } from '../../parts/icon.js';
import { Card } from '../../parts/page.js';
import { Empty, Gate } from '../../parts/states.js';
import { go, hrefTo } from '../../state/place.js';
import { useLive } from '../../state/use-live.js';
import { useLoad } from '../../state/use-load.js';
import { methodsOf } from './methods.js';
import { RoutePolicies } from './route-policies.js';
import { RollBackButton } from './roll-back-button.js';
import { ClearDialog, StageDialog } from './stage-dialogs.js';
import { STAGE_ORDER } from './stage-words.js';

interface Props {
  readonly name: string;
  readonly route: RouteView | undefined;
  readonly onChanged: () => void;
}

type Open = 'stage' | 'clear' | undefined;

/** A route in full: where it stands, how it came there, and the ways on and back. */
export function RouteDetail({ name, route, onChanged }: Props): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  const history = useLoad<readonly StageChangeView[]>(apiUrl('stages', name, 'history'));
  useLive('route', (changed) => changed.route === name && history.reload());
  useEffect(() => heading.current?.focus(), []);
  const changed = (): void => {
    history.reload();
    onChanged();
  };
  const rolledBack = (): void => {
    changed();
    // Its button is gone by now: who came by keyboard is not to start anew at the top.
    heading.current?.focus();
  };
  return (
    <aside class="detail" aria-label={`Route ${name}`}>
      <div class="card">
        <div class="detail-title">
          <h2 ref={heading} tabIndex={-1}>
            {name}
          </h2>
          <button type="button" class="quiet icon-button" aria-label="Close" onClick={() => go('routes')}>
            <Icon name="close" />
          </button>
        </div>
        {route === undefined ? (
          <Empty>
            The route table has no route of this name. <a href={hrefTo('routes')}>All routes</a>
          </Empty>
        ) : (
          <StageNow route={route} onChanged={changed} onRolledBack={rolledBack} />
        )}
      </div>
      {route !== undefined && (
        <>
          <Card title="Policies">
            <RoutePolicies route={route} />
          </Card>
          <Card title="History">
            <Gate loaded={history} what="the history">
              {(changes) => <History changes={changes} />}
            </Gate>
          </Card>
        </>
      )}
    </aside>
  );
}

interface StageNowProps {
  readonly route: RouteView;
  readonly onChanged: () => void;
  readonly onRolledBack: () => void;
}

function StageNow({ route, onChanged, onRolledBack }: StageNowProps): JSX.Element {
  const [open, setOpen] = useState<Open>();
  const { effective, inTable, override, possible, path, methods } = route;
  const close = (): void => setOpen(undefined);
  const isMovable = possible.length > 1;
  return (
    <div class="stage-now">
      <p class="soft code">
        {methodsOf(methods)} {path}
      </p>
      {isMovable ? (
        <ol class="track" aria-label="Stage">
          {STAGE_ORDER.map((stage, index) => (
            <li
              key={stage}
              class={index < STAGE_ORDER.indexOf(effective.stage) ? 'is-passed' : ''}
              aria-current={stage === effective.stage ? 'step' : undefined}
            >
              {stage === effective.stage ? stageText(effective) : stage}
            </li>
          ))}
        </ol>
      ) : (
        <p>
          {route.upstream === undefined
            ? 'The gateway answers this route itself; PHP has no part in it.'
            : 'PHP answers this route; there is no native handler for it yet.'}
        </p>
      )}
      {override !== null && (
        <p class="note">
          Overridden by <b>{override.by}</b> on {formatDay(override.at)}: {override.reason}. The route table says{' '}
          {stageText(inTable)}.
        </p>
      )}
      {(isMovable || override !== null) && (
        <div class="actions">
          {isMovable && (
            <button type="button" class="primary" onClick={() => setOpen('stage')}>
              Change stage
            </button>
          )}
          {isMovable && effective.stage !== 'proxy' && possible.includes('proxy') && (
            <RollBackButton route={route} onDone={onRolledBack} />
          )}
          {override !== null && (
            <button type="button" class="quiet" onClick={() => setOpen('clear')}>
              Clear override
            </button>
          )}
        </div>
      )}
      {open === 'stage' && <StageDialog route={route} onChanged={onChanged} onClose={close} />}
      {open === 'clear' && <ClearDialog route={route} onChanged={onChanged} onClose={close} />}
    </div>
  );
}

function History({ changes }: { readonly changes: readonly StageChangeView[] }): JSX.Element {
  if (changes.length === 0) return <Empty>The stage of this route was never overridden.</Empty>;
  return (
    <ol class="list history">
      {changes.map(({ at, by, reason, from, to, isCleared }) => (
        <li key={`${at} ${by}`}>
          <p>
            {stageText(from)} → <b>{stageText(to)}</b>
            {isCleared && <span class="soft"> override cleared</span>}
          </p>
          <p>{reason}</p>
          <p class="soft">
            {by}, <time dateTime={at}>{formatDay(at)}</time>
          </p>
        </li>
      ))}
    </ol>
  );
}
