import { printable } from './print-stages.js';

interface Difference {
  readonly field: string;
  readonly kind: string;
  readonly control?: string;
  readonly candidate?: string;
}

interface Experiment {
  readonly route: string;
  readonly effective: { readonly stage: string; readonly weight?: number };
  readonly sample: number;
  readonly mirror: {
    readonly classes: Readonly<Record<string, number>>;
    readonly fields: readonly { readonly field: string; readonly observations: number }[];
    readonly fault?: string;
    readonly skipped: number;
    readonly lost: number;
    readonly samples: readonly {
      readonly at: string;
      readonly traceId: string;
      readonly observation: {
        readonly class: string;
        readonly reason?: string;
        readonly status: { readonly control: number; readonly candidate: number };
        readonly differences: readonly Difference[];
      };
    }[];
  };
}

const SHOWN_SAMPLES = 5;

/** What a mirror has seen of a route: counts by class, the fields that differ most, the last samples (redacted). */
export function printExperiment(data: unknown): string {
  const { route, effective, sample, mirror } = data as Experiment;
  const counts = Object.entries(mirror.classes).map(([name, count]) => `${name} ${count}`);
  const lines = [
    `${route}  ${effective.stage}, ${Math.round(sample * 100)} % of its requests mirrored while in mirror`,
    ...(mirror.fault === undefined ? [] : [`  not mirrored: ${mirror.fault}`]),
    `  ${counts.join(', ')} (this instance, since it started)`,
    `  not asked ${mirror.skipped} (too many under way), not compared ${mirror.lost} (client left)`,
    ...mirror.fields.map(({ field, observations }) => `  differs in ${observations}: ${field}`),
    ...mirror.samples
      .slice(0, SHOWN_SAMPLES)
      .flatMap(({ at, traceId, observation }) => [
        `  ${at} ${observation.class}, PHP ${observation.status.control}, native ${observation.status.candidate}, trace ${traceId}${observation.reason === undefined ? '' : `: ${observation.reason}`}`,
        ...observation.differences.map(
          ({ field, kind, control, candidate }) => `    ${field} ${kind}: ${control ?? '-'} | ${candidate ?? '-'}`,
        ),
      ]),
  ];
  return lines.map(printable).join('\n');
}
