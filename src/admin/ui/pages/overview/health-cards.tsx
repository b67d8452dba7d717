import type { JSX } from 'preact';
import type { OverviewView, TargetView } from '../../../admin-api.js';
import { formatCount } from '../../format.js';
import { Badge, type Tone } from '../../parts/badge.js';
import { Card } from '../../parts/page.js';
import { Empty } from '../../parts/states.js';
import { Table } from '../../parts/table.js';

const CHECKS = { php: 'PHP application', database: 'Database', redis: 'Redis', realtime: 'Realtime' } as const;
const TONES: Readonly<Record<'up' | 'down' | 'off', Tone>> = { up: 'good', down: 'bad', off: 'plain' };

/** Whether what the gateway leans on is there. */
export function HealthCards({ view }: { readonly view: OverviewView }): JSX.Element {
  return (
    <div class="grid">
      <Card title="Targets" note="where PHP answers">
        {view.targets.length === 0 ? (
          <Empty>The route table names no upstream.</Empty>
        ) : (
          <Table
            label="Targets"
            rows={view.targets}
            keyOf={({ name }) => name}
            columns={[
              { title: 'Target', cell: ({ name }) => name },
              { title: 'Health', cell: (target) => <HealthBadge target={target} /> },
              { title: 'Breaker', cell: ({ breaker }) => <BreakerBadge breaker={breaker} /> },
              { title: 'Under way', kind: 'number', cell: ({ underWay }) => formatCount(underWay) },
            ]}
          />
        )}
      </Card>
      <Card title="Checks" note="what the gateway leans on">
        <ul class="list">
          {(['php', 'database', 'redis', 'realtime'] as const).map((name) => (
            <li key={name} class="row">
              {CHECKS[name]}
              <span class="end">
                <Badge tone={TONES[view.checks[name]]} text={view.checks[name]} />
              </span>
            </li>
          ))}
        </ul>
      </Card>
    </div>
  );
}

function HealthBadge({ target: { isHealthy } }: { readonly target: TargetView }): JSX.Element {
  return <Badge tone={isHealthy ? 'good' : 'bad'} text={isHealthy ? 'healthy' : 'unhealthy'} />;
}

function BreakerBadge({ breaker }: Pick<TargetView, 'breaker'>): JSX.Element {
  return <Badge tone={breaker === 'closed' ? 'plain' : breaker === 'open' ? 'bad' : 'warn'} text={breaker} />;
}
