import { gatewayCommand } from '../command.js';
import { givenReason, named, noMore } from '../read-arguments.js';

/** What is asked of one route's stage. */
export type StageTask =
  | { readonly kind: 'show'; readonly route: string }
  | {
      readonly kind: 'set';
      readonly route: string;
      readonly stage: string;
      readonly weight: number | undefined;
      readonly reason: string;
    }
  | { readonly kind: 'clear'; readonly route: string; readonly reason: string };

/** `stage`: one route's, shown, set or taken back. */
export const stageCommand = gatewayCommand(
  {
    name: 'stage',
    summary: 'one route: its stage, shown, set (--weight, --reason) or taken back (--clear)',
    about: 'Who answers a route: shown, set for all instances within a second, or taken back.',
    usage: [
      ['conversations.list', 'one route'],
      ['conversations.list canary --weight 10 --reason "first callers"', ''],
      ['conversations.list proxy --reason "wrong totals"', 'roll back: in effect within a second'],
      ['conversations.list --clear --reason "routes.yaml says it now"', ''],
    ],
    notes: `Stages
  proxy     PHP answers
  mirror    PHP answers; the native handler may be asked besides
  canary    the native handler answers --weight callers of 100, always the same ones; PHP the others
  replaced  the native handler answers`,
    options: {
      weight: { type: 'string', value: '<0-100>', about: 'with canary' },
      reason: {
        type: 'string',
        value: '<text>',
        about: 'why, for those who read the history; needed for every change',
      },
      clear: { type: 'boolean', about: 'takes the override back: the stage of the route table holds again' },
    },
    read: ([route, stage, ...more], values) => {
      noMore(more);
      return { task: readTask(named(route), stage, values) };
    },
  },
  async () => (await import('../stage-work.js')).workOnStage,
);

interface Values {
  readonly clear?: boolean;
  readonly weight?: string;
  readonly reason?: string;
}

function readTask(route: string, stage: string | undefined, { clear, weight, reason }: Values): StageTask {
  if (clear === true) {
    if (stage !== undefined || weight !== undefined) throw new Error('--clear takes neither a stage nor a weight');
    return { kind: 'clear', route, reason: givenReason(reason) };
  }
  if (stage === undefined) {
    if (weight !== undefined || reason !== undefined)
      throw new Error('Say which stage: proxy, mirror, canary, replaced');
    return { kind: 'show', route };
  }
  const number = weight === undefined ? undefined : readWeight(weight);
  return { kind: 'set', route, stage, weight: number, reason: givenReason(reason) };
}

function readWeight(text: string): number {
  if (!/^\d{1,3}$/.test(text) || Number(text) > 100) throw new Error('--weight must be a whole number from 0 to 100');
  return Number(text);
}
