/** What decides what to do next about a route. */
export interface NextView {
  readonly route: string;
  /** Stages that the route can have; left out by older gateways. */
  readonly possible?: readonly string[];
  readonly effective: { readonly stage: string; readonly weight?: number };
  readonly policy: {
    readonly promote: 'manual' | 'auto';
    readonly rollBack: 'auto' | 'manual';
    readonly steps: readonly number[];
  };
  readonly verdict?: {
    readonly action: string;
    readonly reasons: readonly {
      readonly check: string;
      readonly outcome: string;
      readonly evidence?: Readonly<Record<string, unknown>>;
    }[];
  };
  readonly decisions: readonly { readonly action: string; readonly to?: { readonly stage: string } }[];
}

type Open = NonNullable<NextView['verdict']>['reasons'][number];

/** What is missing, in plain words, and what to do next; a command can be copied as it stands. */
export function printNext(view: NextView): string[] {
  const { effective, verdict, decisions, possible } = view;
  if (possible?.length === 1)
    return [
      possible[0] === 'proxy'
        ? 'Nothing: it has no native handler, and PHP alone can answer it.'
        : 'Nothing: it has no upstream, and the handler alone can answer it.',
    ];
  const open = verdict?.reasons.filter(({ outcome }) => outcome !== 'pass') ?? [];
  switch (effective.stage) {
    case 'proxy':
      return decisions[0]?.to?.stage === 'proxy'
        ? [
            'The gateway rolled it back: PHP answers every request. Mend the handler by what is told below, then',
            command(view, 'mirror', 'mended: …'),
          ]
        : [
            'PHP answers every request, and the handler is not asked. To compare its answers beside PHP:',
            command(view, 'mirror', 'to compare'),
          ];
    case 'replaced':
      return open.length === 0
        ? ['The handler answers every request. PHP can have it back within a second:', command(view, 'proxy', '…')]
        : [
            'It fails for its callers now. Unless PHP fails too, let PHP answer:',
            command(view, 'proxy', 'it fails: …'),
          ];
    default:
      return open.length === 0 ? goOn(view) : wait(view, open);
  }
}

function goOn(view: NextView): string[] {
  const { effective, policy, verdict } = view;
  if (verdict === undefined) return [];
  const step = policy.steps.find((weight) => weight > (effective.stage === 'canary' ? (effective.weight ?? 0) : -1));
  const where = step === undefined ? 'replaced' : `canary --weight ${step}`;
  if (policy.promote === 'auto')
    return [
      `Every check passes: the gateway takes it on by itself, to ${step === undefined ? 'replaced' : `canary ${step} %`}.`,
    ];
  return ['Every check passes. Nothing goes on until a person says so:', command(view, where, 'the evidence is good')];
}

function wait(view: NextView, open: readonly Open[]): string[] {
  const { policy, verdict } = view;
  const isBad = verdict?.action === 'roll-back';
  const begin = isBad
    ? policy.rollBack === 'auto'
      ? ['It harms its callers: the gateway rolls it back at this moment.']
      : [
          'It harms its callers, and this route is rolled back by a person:',
          command(view, 'proxy', 'it harms its callers'),
        ]
    : ['It waits; what is missing, and what to do:'];
  return [...begin, ...open.map((reason) => `  ${reason.check}: ${adviceOn(reason)}`)];
}

function adviceOn({ check, evidence = {} }: Open): string {
  switch (check) {
    case 'samples': {
      const { needed, comparable, served } = evidence as { needed?: number; comparable?: number; served?: number };
      const left = Math.max(0, (needed ?? 0) - (comparable ?? served ?? 0));
      return `${left} more requests; let it run`;
    }
    case 'comparable':
      return 'too much cannot be compared: the samples below say why';
    case 'mismatch':
      return 'where nothing differs, it needs more comparisons; else mend the handler by the fields and samples below, or accept a difference with an ignore rule (a reason and a day), and set the stage again';
    case 'errors':
      return 'where it fails no more than PHP, it needs more requests; else mend the handler by the samples and the log';
    case 'latency':
      return 'where nothing is slow, it needs 100 requests of each side; else make the handler faster, or grant it more with latency in routes.yaml';
    case 'coverage': {
      const { missing } = evidence as { missing?: readonly string[] };
      return `ask for what nobody has asked yet: ${missing?.join(', ') ?? 'see above'}; or take it out of expects in routes.yaml`;
    }
    case 'rules':
      return 'mend the handler and remove the rule, or give it a new day in routes.yaml';
    case 'sequential':
      return 'it needs more requests until it is cleared; let it run';
    case 'uncaught':
      return 'the log has the place; mend the handler, deploy it, and set the stage again';
    default:
      return 'see above';
  }
}

function command({ route }: NextView, stage: string, reason: string): string {
  return `  npm run gateway -- stage ${route} ${stage} --reason "${reason}"`;
}
