import { printVerdict, type VerdictView } from './print-verdict.js';
import { printable } from './printable.js';

interface Difference {
  readonly field: string;
  readonly kind: string;
  readonly control?: string;
  readonly candidate?: string;
}

interface Arm {
  readonly requests: number;
  readonly errors: number;
  readonly p50?: number;
  readonly p95?: number;
}

interface Seen {
  readonly classes: Readonly<Record<string, number>>;
  readonly arms: Readonly<Record<'control' | 'candidate', Arm>>;
  readonly covered: { readonly statuses: readonly number[]; readonly actions: readonly string[] };
  readonly fields: readonly { readonly field: string; readonly observations: number }[];
  readonly noise?: {
    readonly pairs: number;
    readonly fields: Readonly<
      Record<string, { readonly formats: readonly { readonly name: string }[]; readonly unstable?: string }>
    >;
  };
  readonly fault?: string;
  readonly skipped: number;
  readonly lost: number;
  readonly samples: readonly {
    readonly at: string;
    readonly traceId: string;
    readonly request?: { readonly method: string; readonly target: string; readonly caller: string };
    readonly observation: {
      readonly class: string;
      readonly reason?: string;
      readonly status: { readonly control: number; readonly candidate: number };
      readonly differences: readonly Difference[];
    };
  }[];
}

interface HourView {
  /** Unix seconds. */
  readonly at: number;
  readonly compared: number;
  readonly differed: number;
  readonly candidateErrors: number;
}

interface Experiment extends VerdictView {
  readonly route: string;
  readonly effective: { readonly stage: string; readonly weight?: number };
  readonly override?: { readonly by: string; readonly reason: string; readonly at: string } | null;
  readonly areOverridesKnown: boolean;
  readonly sample: number;
  readonly since: string | null;
  readonly rules: {
    readonly ignore: readonly {
      readonly pointer: string;
      readonly reason: string;
      readonly until: string;
      readonly isExpired: boolean;
      readonly by?: string;
    }[];
  };
  /** Absent in what an older gateway tells, as `areIgnoresKnown`. */
  readonly parity?: readonly HourView[];
  readonly areIgnoresKnown?: boolean;
  readonly mirror: Seen;
  readonly late: number;
}

const SHOWN_SAMPLES = 5;
const SHOWN_NOISE = 20;

/** What is known of a route's candidate: how both sides fare, what differs (redacted), what is made of it and what was decided. */
export function printExperiment(data: unknown): string {
  const experiment = data as Experiment;
  const { route, effective, override, sample, since, mirror, rules, late, areOverridesKnown } = experiment;
  const stage = effective.weight === undefined ? effective.stage : `${effective.stage} ${effective.weight} %`;
  const counts = Object.entries(mirror.classes).map(([name, count]) => `${name} ${count}`);
  const lines = [
    `${route}  ${stage}, ${saidBy(override, since)}${effective.stage === 'mirror' ? `; ${Math.round(sample * 100)} % of its requests are mirrored` : ''}`,
    ...(areOverridesKnown
      ? []
      : ['  WARNING: whether its stage was changed at run time is not known yet; PHP answers']),
    ...(mirror.fault === undefined ? [] : [`  not mirrored: ${mirror.fault}`]),
    `  PHP     ${armLine(mirror.arms.control)}`,
    `  native  ${armLine(mirror.arms.candidate)}${late === 0 ? '' : `; ${late} given up and still running here`}`,
    ...(effective.stage === 'mirror' || Object.values(mirror.classes).some((count) => count > 0)
      ? [`  compared: ${counts.join(', ')}`]
      : []),
    `  here: not asked ${mirror.skipped} (too many under way), not compared ${mirror.lost} (client left)`,
    `  met: ${metLine(mirror.covered)}`,
    ...mirror.fields.map(({ field, observations }) => `  differs in ${observations}: ${field}`),
    ...noiseLines(mirror.noise),
    ...rules.ignore.map(
      ({ pointer, reason, until, isExpired, by = 'routes.yaml' }) =>
        `  ignored until ${until}${isExpired ? ' (EXPIRED: it counts again)' : ''}: ${pointer} (${by}: ${reason})`,
    ),
    ...(experiment.areIgnoresKnown === false
      ? ['  WARNING: what was accepted at run time is not known yet; such differences count']
      : []),
    ...parityLines(experiment.parity ?? []),
    ...printVerdict(experiment),
    ...mirror.samples.slice(0, SHOWN_SAMPLES).flatMap(sampleLines),
  ];
  return lines.map(printable).join('\n');
}

/** By the day (UTC): of all stages and rules that there were. */
function parityLines(parity: readonly HourView[]): string[] {
  const days = new Map<string, { compared: number; differed: number; candidateErrors: number }>();
  for (const { at, compared, differed, candidateErrors } of parity) {
    const day = new Date(at * 1000).toISOString().slice(0, 10);
    const sum = days.get(day) ?? { compared: 0, differed: 0, candidateErrors: 0 };
    sum.compared += compared;
    sum.differed += differed;
    sum.candidateErrors += candidateErrors;
    days.set(day, sum);
  }
  return [...days].map(
    ([day, { compared, differed, candidateErrors }]) =>
      `  ${day}: ${compared} compared, ${differed} differed, ${candidateErrors} failed`,
  );
}

function saidBy(override: Experiment['override'], since: string | null): string {
  if (override !== null && override !== undefined) {
    // Why the gateway did it is told below, with its other decisions.
    const why = override.by === 'gateway' ? '' : `: ${override.reason}`;
    return `set by ${override.by} at ${override.at}${why}`;
  }
  return since === null ? 'as routes.yaml says' : `since ${since}`;
}

function armLine({ requests, errors, p50, p95 }: Arm): string {
  const times = p50 === undefined || p95 === undefined ? '' : `, p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms`;
  return `${requests} requests, ${errors} errors${times}`;
}

function metLine({ statuses, actions }: Seen['covered']): string {
  const met = [...statuses.map((status) => `status ${status}`), ...actions.map((action) => `action ${action}`)];
  return met.length === 0 ? 'nothing yet' : met.join(', ');
}

function noiseLines(noise: Seen['noise']): string[] {
  if (noise === undefined || noise.pairs === 0) return [];
  const fields = Object.entries(noise.fields);
  return [
    `  noise: PHP was asked twice ${noise.pairs} times, ${fields.length} fields differed by themselves`,
    ...fields
      .slice(0, SHOWN_NOISE)
      .map(([field, { formats, unstable }]) =>
        unstable === undefined
          ? `    ${field}: compared as ${formats.map(({ name }) => name).join(' or ')}`
          : `    ${field}: nothing is forgiven (${unstable} varies): it may need an ignore rule`,
      ),
  ];
}

function sampleLines({ at, traceId, request, observation }: Seen['samples'][number]): string[] {
  const { class: kind, status, reason, differences } = observation;
  return [
    `  ${at} ${kind}, PHP ${status.control}, native ${status.candidate}, trace ${traceId}${reason === undefined ? '' : `: ${reason}`}`,
    ...(request === undefined ? [] : [`    ${request.method} ${request.target} as ${request.caller}`]),
    ...differences.map(
      ({ field, kind: how, control, candidate }) => `    ${field} ${how}: ${control ?? '-'} | ${candidate ?? '-'}`,
    ),
  ];
}
