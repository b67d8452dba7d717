import type { Metrics, Sample, Tally } from '../../metrics/index.js';
import { isStageable } from '../../routing/index.js';
import type { NativeTurns } from '../canary/index.js';
import type { EvidenceBook } from '../evidence/index.js';
import type { Judge } from '../judge/index.js';
import type { Mirror } from '../mirror/index.js';
import type { Strays } from '../strays/index.js';
import type { StageBoard } from './stage-board.js';

const STAGES = ['proxy', 'mirror', 'canary', 'replaced'] as const;
const CLASSES = ['match', 'ignored', 'mismatch', 'candidate-error', 'not-comparable'] as const;

export interface MeasuredExperiments {
  readonly board: StageBoard;
  readonly book: EvidenceBook;
  readonly judge: Judge;
  readonly mirror: Mirror;
  readonly turns: NativeTurns;
  readonly strays: Strays;
}

/** Who answers each route that PHP and Node both can, and how the candidates fare here. */
export function measureExperiments(metrics: Metrics, parts: MeasuredExperiments): void {
  const { board, book, judge, mirror, turns, strays } = parts;
  metrics.sampled(
    'gauge',
    'donna_route_stage',
    'Always 1; the stage in effect (proxy, mirror, canary, replaced) of a route that both sides can answer.',
    ['route', 'stage'],
    () => staged(board).map(({ route, effective }): Sample => [[route.name, effective.stage], 1]),
  );
  metrics.sampled(
    'gauge',
    'donna_route_canary_ratio',
    'Share of callers whom the native handler answers, in canary.',
    ['route'],
    () =>
      staged(board)
        .filter(({ effective }) => effective.stage === 'canary')
        .map(({ route, effective }): Sample => [[route.name], (effective.weight ?? 0) / 100]),
  );
  metrics.sampled(
    'counter',
    'donna_stage_changes_total',
    'Changes of a stage that this instance has made, by the stage that followed and by whom: gateway (a promotion; with to="proxy" a roll-back), administrator.',
    ['route', 'to', 'by'],
    () =>
      fromZero(
        staged(board).flatMap(({ route }) => STAGES.map((to) => [route.name, to, 'gateway'])),
        board.changes,
      ),
  );
  metrics.sampled(
    'counter',
    'donna_experiment_comparisons_total',
    'Comparisons of the native handler with PHP by what they came to: match, ignored, mismatch, candidate-error, not-comparable.',
    ['route', 'class'],
    () =>
      fromZero(
        book.all().flatMap(({ name }) => CLASSES.map((kind) => [name, kind])),
        book.comparisons,
      ),
  );
  metrics.sampled(
    'counter',
    'donna_experiment_skipped_total',
    'Requests that a mirror let go: skipped (too many under way), lost (a fault of the comparison, or the client left).',
    ['route', 'why'],
    () =>
      Array.from(mirror.allLogs()).flatMap(([route, { skipped, lost }]): Sample[] => [
        [[route, 'skipped'], skipped],
        [[route, 'lost'], lost],
      ]),
  );
  metrics.sampled(
    'gauge',
    'donna_native_handlers_late',
    'Native handlers that were given up and have not ended, in canary and replaced.',
    ['route'],
    () => Array.from(turns.allLate(), ([route, handlers]): Sample => [[route], handlers]),
  );
  metrics.sampled('counter', 'donna_native_strays_total', 'Errors that native handlers left uncaught.', ['route'], () =>
    fromZero(
      staged(board).map(({ route }) => [route.name]),
      strays.told,
    ),
  );
  metrics.sampled(
    'gauge',
    'donna_route_replaced_bad',
    'Whether a replaced route has gone bad: nothing changes its stage by itself.',
    ['route'],
    () =>
      book
        .all()
        .filter(({ recent }) => recent !== undefined)
        .map((evidence): Sample => [[evidence.name], Number(judge.isBad(evidence))]),
  );
}

/** What has not happened yet is 0 and not absent: Prometheus sees no increase in the first value of a series. */
function fromZero(expected: readonly (readonly string[])[], tally: Tally): readonly Sample[] {
  const samples = new Map<string, Sample>(expected.map((values) => [values.join('\n'), [values, 0]]));
  for (const sample of tally.samples()) samples.set(sample[0].join('\n'), sample);
  return [...samples.values()];
}

function staged(board: StageBoard): ReturnType<StageBoard['all']> {
  return board.all().filter(({ route }) => isStageable(route));
}
