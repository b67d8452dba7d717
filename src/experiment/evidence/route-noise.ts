import type { Route } from '../../routing/index.js';
import type { Answer } from '../compare/answer.js';
import { type CompiledRules, compileRules } from '../compare/compile-rules.js';
import type { CompareSettings } from '../compare/compare-rules.js';
import { NoiseLearner } from '../compare/learn-noise.js';
import { mergeNoise, NO_NOISE } from '../compare/merge-noise.js';
import type { NoiseModel } from '../compare/noise-model.js';

/** Bytes of a body that is compared: a comparison of two such takes the event loop some milliseconds (ADR 0019). */
export const MAX_BYTES = 256 * 1024;

/** A route's rules of comparison, with what is learned of PHP's noise while it runs. */
export class RouteNoise {
  private readonly settings: CompareSettings;
  private readonly bare: CompiledRules;
  private learner: NoiseLearner;
  /** Learned here, and on its way to the database. */
  private pending = NO_NOISE;
  /** What all instances learned, as far as the database told. */
  private base = NO_NOISE;
  private compiled: CompiledRules;
  private known = NO_NOISE;
  /** What other processes learned was read at least once. */
  isRead = false;

  /** @throws RangeError that says which rule cannot be read */
  constructor(
    { experiment: { ignore, keyed } }: Route,
    readonly rulesKey: string,
  ) {
    this.settings = { ignore, keyed, bounds: { maxBytes: MAX_BYTES } };
    this.bare = compileRules(this.settings);
    this.compiled = this.bare;
    this.learner = new NoiseLearner(this.bare);
  }

  get rules(): CompiledRules {
    return this.compiled;
  }

  get model(): NoiseModel {
    return this.known;
  }

  /** Learns from two answers of PHP to one request. `now`: unix time in ms. */
  async learn(first: Answer, second: Answer, now: number): Promise<void> {
    await this.learner.observeInSlices(first, second, now);
    this.compile();
  }

  /** What was learned since it was last saved; undefined for nothing. */
  unsaved(): NoiseModel | undefined {
    this.pending = mergeNoise(this.pending, this.learner.model());
    this.learner = new NoiseLearner(this.bare);
    return this.pending.pairs + this.pending.skipped === 0 ? undefined : this.pending;
  }

  /** What all instances have learned by now; `isSaved`: with what `unsaved` gave. */
  use(model: NoiseModel, isSaved: boolean): void {
    this.base = model;
    this.isRead = true;
    if (isSaved) this.pending = NO_NOISE;
    this.compile();
  }

  private compile(): void {
    this.known = mergeNoise(mergeNoise(this.base, this.pending), this.learner.model());
    this.compiled = compileRules({ ...this.settings, noise: this.known });
  }
}
