import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { CONFIG, type GatewayConfig } from '../../config/index.js';
import { Database, DatabaseModule } from '../../database/index.js';
import { ForwardModule, Upstreams } from '../../forward/index.js';
import { Metrics } from '../../metrics/index.js';
import { PersonParts } from '../../persons/index.js';
import { Retention } from '../../retention/index.js';
import { SHARED_STATE, type SharedState } from '../../state/index.js';
import { LOGGER, type Logger } from '../../trace/index.js';
import { BrowserLatency } from './browser-latency.js';
import { IdempotentRuns } from './idempotent-runs.js';
import { VoiceCallers } from './voice-callers.js';
import { VOICE_EVENTS_OF_PERSON } from './voice-event-person.js';
import { VoiceEventQueue } from './voice-event.queue.js';
import { VoiceEventStore } from './voice-event.store.js';
import { VoiceFanout } from './voice-fanout.js';
import { VoiceController } from './voice.controller.js';

/** Milliseconds for which events are kept where there is no retention policy. */
const KEEP_MS = 30 * 86_400_000;

@Module({
  imports: [ForwardModule, DatabaseModule],
  controllers: [VoiceController],
  providers: [
    {
      provide: VoiceFanout,
      inject: [Upstreams, CONFIG, Metrics, LOGGER],
      useFactory: (upstreams: Upstreams, config: GatewayConfig, metrics: Metrics, logger: Logger) =>
        new VoiceFanout(upstreams, config, metrics, logger),
    },
    {
      provide: VoiceCallers,
      inject: [CONFIG],
      useFactory: ({ identity }: GatewayConfig) => new VoiceCallers(identity),
    },
    {
      provide: IdempotentRuns,
      inject: [SHARED_STATE],
      useFactory: (state: SharedState) => new IdempotentRuns(state),
    },
    {
      provide: BrowserLatency,
      inject: [Metrics],
      useFactory: (metrics: Metrics) => new BrowserLatency(metrics),
    },
    {
      provide: VoiceEventQueue,
      inject: [Database, Retention, VoiceFanout, Metrics, LOGGER],
      useFactory: (database: Database, retention: Retention, fanout: VoiceFanout, metrics: Metrics, logger: Logger) => {
        const store = new VoiceEventStore(database, () => retention.keptMs('voiceEvents', KEEP_MS));
        return new VoiceEventQueue(store, fanout, metrics, logger);
      },
    },
  ],
})
export class VoiceModule implements OnModuleInit {
  constructor(@Inject(PersonParts) private readonly persons: PersonParts) {}

  onModuleInit(): void {
    this.persons.register(VOICE_EVENTS_OF_PERSON);
  }
}
