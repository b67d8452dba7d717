import type { GatewayConfig } from '../../config/index.js';
import type { Upstream, Upstreams } from '../../forward/index.js';
import type { Metrics } from '../../metrics/index.js';
import type { Logger } from '../../trace/index.js';
import { Board, type Delivery, type Telling } from './board.js';
import { VOICE_TARGETS } from './voice-targets.js';
import type { VoiceEvent } from './voice-event.js';

/** Which targets took an event, in the order of the table of targets. */
export interface FanoutResult {
  readonly delivered: readonly Delivery[];
  readonly failed: readonly Delivery[];
}

type Settings = Pick<GatewayConfig, 'php' | 'identity'>;

/** Tells every board of a voice event at the same time; what befalls one changes nothing for the others. */
export class VoiceFanout {
  private readonly boards = VOICE_TARGETS.map((target) => new Board(target));
  private readonly seconds;

  constructor(
    private readonly upstreams: Pick<Upstreams, 'all'>,
    private readonly config: Settings,
    metrics: Metrics,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {
    this.seconds = metrics.histogram(
      'donna_voice_fanout_seconds',
      'Telling one board of a voice event, by target and outcome (delivered, failed).',
      ['target', 'outcome'],
    );
  }

  /** A remote PHP is not told unless ALLOW_REMOTE_PHP_FANOUT says so; one that is told no identities would refuse. */
  get isOff(): boolean {
    const { targets, fanoutAllowed } = this.config.php;
    return (targets.length > 0 && !fanoutAllowed) || this.upstream === undefined;
  }

  /** Tells all of them. Never throws; while switched off nobody is told. */
  async tell(event: VoiceEvent, telling: Telling): Promise<FanoutResult> {
    const { upstream } = this;
    if (this.isOff || upstream === undefined) return { delivered: [], failed: [] };
    const json = JSON.stringify({ action: 'voice_event', ...event });
    const deliveries = await Promise.all(
      this.boards.map((board) => board.tell(upstream, this.config.identity.secret, json, telling)),
    );
    for (const { target, ms, errorCode } of deliveries)
      this.seconds.observe({ target, outcome: errorCode === undefined ? 'delivered' : 'failed' }, ms / 1000);
    const delivered = deliveries.filter(({ errorCode }) => errorCode === undefined);
    const failed = deliveries.filter(({ errorCode }) => errorCode !== undefined);
    if (failed.length > 0) this.logger.warn({ traceId: telling.traceId, failed }, 'voice event not delivered to all');
    return { delivered, failed };
  }

  private get upstream(): Upstream | undefined {
    return this.upstreams.all().find(({ settings }) => settings.identity);
  }
}
