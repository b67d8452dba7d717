interface Staging {
  readonly stage: string;
  readonly weight: number;
}

/** The part of an experiment that says what is made of it. */
export interface VerdictView {
  readonly policy: {
    readonly promote: 'manual' | 'auto';
    readonly rollBack: 'auto' | 'manual';
    readonly steps: readonly number[];
  };
  readonly verdict?: {
    readonly action: string;
    readonly reasons: readonly { readonly check: string; readonly outcome: string; readonly text: string }[];
  };
  readonly decisions: readonly {
    readonly at: string;
    readonly action: string;
    readonly from: Staging;
    readonly to?: Staging;
    readonly reason: string;
  }[];
}

const MARKS: Readonly<Record<string, string>> = { pass: 'ok  ', wait: 'wait', fail: 'FAIL' };

/** The verdict with every check's numbers, what a promotion waits for, and the last decisions. */
export function printVerdict({ policy, verdict, decisions }: VerdictView): string[] {
  const { promote, rollBack, steps } = policy;
  return [
    `  policy: promotion ${promote === 'auto' ? `by the gateway, in steps of ${steps.join(', ')} % and then replaced` : 'by a person'}; roll-back ${rollBack === 'auto' ? 'by the gateway' : 'by a person'}`,
    ...(verdict === undefined ? ['  verdict: none, nothing is tried in this stage'] : verdictLines(verdict)),
    ...decisions.map(
      ({ at, action, from, to, reason }) =>
        `  ${at} ${action}: ${said(from)}${to === undefined ? '' : ` → ${said(to)}`}: ${reason}`,
    ),
  ];
}

function verdictLines({ action, reasons }: NonNullable<VerdictView['verdict']>): string[] {
  const missing = reasons.filter(({ outcome }) => outcome !== 'pass').map(({ check }) => check);
  return [
    `  verdict: ${action}${missing.length === 0 ? '' : `; a promotion lacks ${missing.join(', ')}`}`,
    ...reasons.map(({ check, outcome, text }) => `    ${MARKS[outcome] ?? outcome} ${check.padEnd(10)} ${text}`),
  ];
}

function said({ stage, weight }: Staging): string {
  return stage === 'canary' ? `${stage} ${weight} %` : stage;
}
