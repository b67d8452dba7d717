import type { JSX } from 'preact';
import type { TraceRequest, TraceStep } from '../../../admin-api.js';
import { formatClock, formatMs } from '../../format.js';
import { Badge, StatusBadge } from '../../parts/badge.js';
import { Card } from '../../parts/page.js';
import { Empty } from '../../parts/states.js';

const WIDTH = 1000;
const MIN_WIDTH = 3;
const MAX_DEPTH = 3;

/** The steps of a request as bars over its time. */
export function Waterfall({ request }: { readonly request: TraceRequest }): JSX.Element {
  const { method, route, status, ms, at, steps } = request;
  const total = Math.max(ms, ...steps.map((step) => step.startMs + step.ms), 0.001);
  return (
    <Card
      title={`${method} ${route ?? 'no route'}`}
      note={`${formatClock(at)}, ${formatMs(ms)}`}
      actions={<StatusBadge status={status} />}
    >
      <Told request={request} />
      {steps.length === 0 ? (
        <Empty>Its steps are not known.</Empty>
      ) : (
        <ol class="waterfall" aria-label={`Steps of ${method} ${route ?? 'this request'}`}>
          {steps.map((step, index) => (
            <li key={`${step.name} ${index}`} class="waterfall-row">
              <span class={`waterfall-name depth-${Math.min(step.depth, MAX_DEPTH)}`}>
                <code>{step.name}</code>
                {step.note !== undefined && <span class="soft">{step.note}</span>}
              </span>
              <Bar step={step} total={total} />
              <span class="waterfall-ms">{formatMs(step.ms)}</span>
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
}

/** Drawn, since a policy without inline styles lets no width be written into the page. */
function Bar({
  step: { name, startMs, ms },
  total,
}: {
  readonly step: TraceStep;
  readonly total: number;
}): JSX.Element {
  const width = Math.max((ms / total) * WIDTH, MIN_WIDTH);
  const x = Math.min((startMs / total) * WIDTH, WIDTH - width);
  return (
    <svg
      class="waterfall-bar"
      viewBox={`0 0 ${WIDTH} 12`}
      preserveAspectRatio="none"
      aria-hidden="true"
      focusable="false"
    >
      <rect class="ground" width={WIDTH} height={12} />
      <rect class={`step step-${familyOf(name)}`} x={x} width={width} height={12} />
    </svg>
  );
}

function familyOf(name: string): string {
  if (/^(php|forward|upstream)/.test(name)) return 'php';
  if (name.startsWith('database')) return 'database';
  return name.startsWith('native') ? 'native' : 'gateway';
}

function Told({ request }: { readonly request: TraceRequest }): JSX.Element | null {
  const { stage, arm, servedBy, cache, upstreamMs, attempts, upstreamFault, errorCode } = request;
  const told = [
    stage === null ? undefined : `stage ${stage}`,
    arm === undefined ? undefined : `arm ${arm}`,
    servedBy === undefined ? undefined : `answered by ${servedBy}`,
    cache === undefined ? undefined : `cache ${cache}`,
    upstreamMs === undefined ? undefined : `PHP took ${formatMs(upstreamMs)}`,
    attempts === undefined || attempts < 2 ? undefined : `${attempts} attempts`,
    upstreamFault,
    errorCode,
  ].filter((one) => one !== undefined);
  if (told.length === 0) return null;
  return (
    <p class="chips told">
      {told.map((one) => (
        <Badge key={one} text={one} />
      ))}
    </p>
  );
}
