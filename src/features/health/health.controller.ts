import { Controller, Inject, Optional } from '@nestjs/common';
import { CONFIG, type GatewayConfig } from '../../config/index.js';
import { EnvelopeFields, GatewayError } from '../../contract/index.js';
import { Database } from '../../database/index.js';
import { DrainState } from '../../edge/index.js';
import { Upstreams } from '../../forward/index.js';
import { RealtimeProvider } from '../../realtime/index.js';
import { NativeHandler } from '../../routing/index.js';
import { REDIS, type RedisConnection } from '../../state/index.js';

type Check = 'up' | 'down' | 'off';

/** Health for people and probes. Nothing is started or asked by being asked: it tells what is known already. */
@Controller()
export class HealthController {
  constructor(
    @Inject(CONFIG) private readonly config: GatewayConfig,
    @Inject(Upstreams) private readonly upstreams: Upstreams,
    @Inject(DrainState) private readonly drain: DrainState,
    @Inject(RealtimeProvider) private readonly realtime: RealtimeProvider,
    @Inject(Database) private readonly database: Database,
    @Optional() @Inject(REDIS) private readonly redis: RedisConnection | undefined,
  ) {}

  /** `healthy` while every part that is switched on is up. */
  @NativeHandler('health')
  health(): EnvelopeFields {
    const checks: Readonly<Record<string, Check>> = {
      php: this.php(),
      database: this.databaseCheck(),
      redis: this.redisCheck(),
      realtime: this.realtime.isOn ? 'up' : 'off',
    };
    const isDegraded = Object.values(checks).includes('down');
    return new EnvelopeFields({ status: isDegraded ? 'degraded' : 'healthy', version: this.config.version, checks });
  }

  /** The process runs: restart it when this fails. */
  @NativeHandler('health.live')
  live(): EnvelopeFields {
    return new EnvelopeFields({ status: 'live' });
  }

  /** Send traffic here, or not while it drains. */
  @NativeHandler('health.ready')
  ready(): EnvelopeFields {
    if (this.drain.phase !== 'serving')
      throw new GatewayError('UPSTREAM_UNAVAILABLE', { error: 'This instance is shutting down.' });
    return new EnvelopeFields({ status: 'ready' });
  }

  private redisCheck(): Check {
    if (this.redis === undefined) return 'off';
    return this.redis.isUp ? 'up' : 'down';
  }

  /** An embedded database that nobody has used yet, or that is being started by its first user, is `off`. */
  private databaseCheck(): Check {
    const { state, kind } = this.database;
    if (state === 'starting') return kind === 'embedded' ? 'off' : 'down';
    return state;
  }

  private php(): Check {
    const states = this.upstreams.all().map((upstream) => upstream.state);
    if (states.length === 0) return 'off';
    return states.includes('down') ? 'down' : 'up';
  }
}
