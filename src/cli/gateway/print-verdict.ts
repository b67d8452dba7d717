import { type NextView, printNext } from './print-next.js';

interface Staging {
  readonly stage: string;
  readonly weight: number;
}

/** The part of an experiment that says what is made of it. */
export interface VerdictView extends NextView {
  readonly verdict?: {
    readonly action: string;
    readonly reasons: readonly {
      readonly check: string;
      readonly outcome: string;
      readonly text: string;
      readonly evidence?: Readonly<Record<string, unknown>>;
    }[];
  };
  readonly decisions: readonly {
    readonly at: string;
    readonly action: string;
    readonly from: Staging;
    readonly to?: Staging;
    readonly reason: string;
  }[];
}

const SHOWN_REASON = 160;
const MARKS: Readonly<Record<string, string>> = { pass: 'ok  ', wait: 'wait', fail: 'FAIL' };

/** The verdict with every check's numbers, what is to be done next, and the last decisions. */
export function printVerdict(view: VerdictView): string[] {
  const { policy, verdict, decisions, effective } = view;
  const { promote, rollBack, steps } = policy;
  return [
    `  policy: promotion ${promote === 'auto' ? `by the gateway, in steps of ${steps.join(', ')} % and then replaced` : 'by a person'}; roll-back ${rollBack === 'auto' ? 'by the gateway' : 'by a person'}`,
    ...(verdict === undefined
      ? ['  verdict: none, nothing is tried in this stage']
      : verdictLines(verdict, effective.stage)),
    ...printNext(view).map((line, at) => `  ${at === 0 ? 'next: ' : '      '}${line}`),
    ...(decisions.length === 0 ? [] : ['  decided so far, the last first:']),
    ...decisions.map(
      ({ at, action, from, to, reason }) =>
        `    ${at} ${action}: ${said(from)}${to === undefined ? '' : ` → ${said(to)}`}: ${action === 'roll-back' ? reason : shortened(reason)}`,
    ),
  ];
}

function verdictLines({ action, reasons }: NonNullable<VerdictView['verdict']>, stage: string): string[] {
  const missing = reasons.filter(({ outcome }) => outcome !== 'pass').map(({ check }) => check);
  const isWatched = stage === 'replaced';
  return [
    isWatched
      ? `  watched: ${missing.length === 0 ? 'well' : 'BAD'}`
      : `  verdict: ${action}${missing.length === 0 ? '' : `; a promotion lacks ${missing.join(', ')}`}`,
    ...reasons.map(({ check, outcome, text }) => `    ${MARKS[outcome] ?? outcome} ${check.padEnd(10)} ${text}`),
  ];
}

/** Why it went on, or did not, as far as one line tells it; `--json` has all of it. */
function shortened(reason: string): string {
  return reason.length > SHOWN_REASON ? `${reason.slice(0, SHOWN_REASON - 1)}…` : reason;
}

function said({ stage, weight }: Staging): string {
  return stage === 'canary' ? `${stage} ${weight} %` : stage;
}
