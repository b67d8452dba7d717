import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type GatewayConfig } from '../../config/index.js';
import { Tally } from '../../metrics/index.js';
import { isStageable, type Route, type RouteTable } from '../../routing/index.js';
import type { ArmTally } from '../decide/sequential-test.js';
import { epochOf, rulesOf } from './epoch.js';
import { ParityLog } from '../parity/index.js';
import { RouteEvidence } from './route-evidence.js';
import { RouteNoise } from './route-noise.js';

const MAX_RETIRED = 100;

/** What is known of every route whose handler is asked now, in mirror, canary or replaced, in this process's memory. */
@Injectable()
export class EvidenceBook {
  /** What was compared here and is not saved yet, whatever the epoch. */
  readonly parity = new ParityLog();
  /** What was compared here, by route and class. */
  readonly comparisons = new Tally();
  private readonly open = new Map<string, RouteEvidence>();
  private readonly noises = new Map<string, RouteNoise | string>();
  /** Of epochs that have ended, until it is saved. */
  private retired: RouteEvidence[] = [];
  private crossed: (evidence: RouteEvidence) => void = () => undefined;
  private readonly version: string;

  constructor(@Inject(CONFIG) { version }: GatewayConfig) {
    this.version = version;
  }

  /** Who hears at once of a canary that has become too bad. */
  connect(onCrossed: (evidence: RouteEvidence) => void): void {
    this.crossed = onCrossed;
  }

  /** Takes a route table as it is in effect: an epoch ends with every change of stage, weight or rules. */
  use({ routes }: RouteTable): void {
    const staged = new Map(routes.filter(isObserved).map((route) => [route.name, route]));
    for (const [name, evidence] of this.open) {
      const route = staged.get(name);
      if (route !== undefined && epochOf(route, this.version) === evidence.epoch) {
        evidence.follow(route);
        staged.delete(name);
      } else this.retire(evidence);
      if (route === undefined) this.noises.delete(name);
    }
    for (const route of staged.values()) this.begin(route);
  }

  of(route: string): RouteEvidence | undefined {
    return this.open.get(route);
  }

  /** Undefined where it is not in mirror; a text says why its answers cannot be compared. */
  noiseOf(route: string): RouteNoise | string | undefined {
    return this.noises.get(route);
  }

  all(): readonly RouteEvidence[] {
    return [...this.open.values()];
  }

  /** With the last of what has ended, given once. */
  takeRetired(): readonly RouteEvidence[] {
    return this.retired.splice(0);
  }

  private retire(evidence: RouteEvidence): void {
    this.open.delete(evidence.name);
    const baseline = baselineOf(evidence);
    if (baseline.requests > 0) this.baselines.set(evidence.name, baseline);
    this.retired = [...this.retired, evidence].slice(-MAX_RETIRED);
  }

  /** What was known of PHP when the last epoch of a route ended: it counts where a canary leaves PHP nothing to serve. */
  private readonly baselines = new Map<string, ArmTally>();

  private begin(route: Route): void {
    const epoch = epochOf(route, this.version);
    const evidence = new RouteEvidence(route, epoch, this.baselines.get(route.name), {
      crossed: (one) => this.crossed(one),
      compared: (kind) => {
        this.parity.count(route.name, kind);
        this.comparisons.add(route.name, kind);
      },
    });
    this.open.set(route.name, evidence);
    if (route.stage === 'replaced') return;
    const rules = rulesOf(route, this.version);
    const known = this.noises.get(route.name);
    if (known === undefined || typeof known === 'string' || known.rulesKey !== rules)
      this.noises.set(route.name, readRules(route, rules));
  }
}

function isObserved(route: Route): boolean {
  return isStageable(route) && route.stage !== 'proxy';
}

function baselineOf(evidence: RouteEvidence): ArmTally {
  const { requests, errors } = evidence.merged().arms.control;
  return { requests, errors };
}

function readRules(route: Route, rules: string): RouteNoise | string {
  try {
    return new RouteNoise(route, rules);
  } catch (error) {
    return (error as { readonly message?: string }).message ?? 'its rules cannot be read';
  }
}
