import type { EventOutlet } from './event-outlet.js';
import type { RealtimeLimits } from './realtime-options.js';
import { Refusal } from './refusal.js';
import type { ResponsePlan } from './response-plan.js';
import { ResponseRun } from './response-run.js';
import type { Fields } from './shape.js';

const OUT_OF_BAND_AT_ONCE = 8;

/** The responses of a session: one at a time in its conversation, and some out of band. */
export class Responses {
  readonly #outOfBand = new Set<ResponseRun>();
  #active: ResponseRun | undefined;
  #activeEnded = Promise.resolve();
  #hasSpoken = false;

  constructor(
    private readonly outlet: EventOutlet,
    private readonly limits: RealtimeLimits,
    private readonly door: { cut(): void; close(code: number, reason: string): void },
  ) {}

  /** Whether the assistant has said anything aloud. */
  get hasSpoken(): boolean {
    return this.#hasSpoken || this.#active?.hasSpoken === true;
  }

  /** Why no response may begin now; undefined when one may. */
  refusal(isOutOfBand: boolean): Refusal | undefined {
    const running = this.#running;
    if (!isOutOfBand && running !== undefined) {
      const message = `Conversation already has an active response in progress: ${running.id}. Wait until the response is finished before creating a new one.`;
      return new Refusal(message, 'conversation_already_has_active_response');
    }
    const isTooMuch = isOutOfBand && this.#outOfBand.size >= OUT_OF_BAND_AT_ONCE;
    return isTooMuch ? new Refusal('Too many responses at once.', 'rate_limit_exceeded') : undefined;
  }

  begin(plan: ResponsePlan): void {
    const run = new ResponseRun(plan, this.outlet, this.limits, () => this.door.cut());
    const ended = run
      .run()
      .catch(() => this.door.close(1011, 'server_error'))
      .finally(() => {
        this.#outOfBand.delete(run);
        this.#hasSpoken ||= run.hasSpoken;
      });
    if (plan.conversation === undefined) {
      this.#outOfBand.add(run);
    } else {
      this.#active = run;
      this.#activeEnded = ended;
    }
  }

  /** Calls back when the end of an interrupted response has been told; at once when there is none. */
  afterInterrupted(go: () => void): void {
    if (this.#running?.isInterrupted === true) void this.#activeEnded.then(go);
    else go();
  }

  cancel({ response_id: id }: Fields): Refusal | undefined {
    const runs = [this.#running, ...this.#outOfBand];
    const run = typeof id === 'string' ? runs.find((one) => one?.id === id) : this.#running;
    if (run === undefined || run.isOver)
      return new Refusal('Cancellation failed: no active response found', 'response_cancel_not_active');
    run.interrupt('client_cancelled');
    return undefined;
  }

  /** The user speaks: the assistant stops. */
  yield(): void {
    this.#running?.interrupt('turn_detected');
  }

  /** The client is gone. */
  end(): void {
    for (const run of [this.#active, ...this.#outOfBand]) run?.interrupt();
  }

  get #running(): ResponseRun | undefined {
    return this.#active?.isOver === true ? undefined : this.#active;
  }
}
