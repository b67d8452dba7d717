import type { JSX } from 'preact';
import type { RouteView } from '../../../admin-api.js';
import { formatMs, formatRate, formatShare, NOTHING } from '../../format.js';
import { Badge, StageBadge } from '../../parts/badge.js';
import { Table } from '../../parts/table.js';
import { hrefTo } from '../../state/place.js';
import { methodsOf } from './methods.js';

interface Props {
  readonly routes: readonly RouteView[];
  readonly current: string;
}

export function RouteTable({ routes, current }: Props): JSX.Element {
  return (
    <Table
      label="Routes"
      rows={routes}
      keyOf={({ route }) => route}
      isCurrent={({ route }) => route === current}
      columns={[
        { title: 'Route', cell: (route) => <Name route={route} /> },
        {
          title: 'Stage',
          cell: ({ effective, override }) => (
            <span class="chips">
              <StageBadge staging={effective} />
              {override !== null && <Badge text="overridden" />}
            </span>
          ),
        },
        { title: 'Policies', isExtra: true, cell: (route) => <Policies route={route} /> },
        {
          title: 'Rate',
          kind: 'number',
          cell: ({ recent }) => (recent.rate === 0 ? NOTHING : formatRate(recent.rate)),
        },
        { title: 'Errors', kind: 'number', cell: ({ recent }) => <Errors {...recent} /> },
        { title: 'p95', kind: 'number', cell: ({ recent }) => formatMs(recent.p95) },
      ]}
    />
  );
}

function Name({ route: { route, path, methods, actions } }: { readonly route: RouteView }): JSX.Element {
  const method = methodsOf(methods);
  return (
    <>
      <a class="route-name" href={hrefTo('routes', route)}>
        {route}
      </a>
      <span class="route-path code">
        {method} {path}
        {actions === undefined ? '' : ` action=${actions.join('|')}`}
      </span>
    </>
  );
}

function Policies({ route: { policies } }: { readonly route: RouteView }): JSX.Element {
  const { authorization, rateLimit, cache, input, signature } = policies;
  return (
    <span class="chips">
      <Badge text={authorization.name} />
      {rateLimit.map(({ name }) => (
        <Badge key={name} text={name} />
      ))}
      {input !== undefined && <Badge text="validated" />}
      {signature !== undefined && <Badge text="signed" />}
      {cache !== undefined && <Badge text={`cache ${cache.ttlS} s`} />}
    </span>
  );
}

function Errors({ rate, errorShare }: RouteView['recent']): JSX.Element {
  if (rate === 0) return <span>{NOTHING}</span>;
  return <span class={errorShare > 0.01 ? 'text-bad' : ''}>{formatShare(errorShare)}</span>;
}
