import { Inject, Injectable, Optional } from '@nestjs/common';
import { Database } from '../../database/index.js';
import { Upstreams } from '../../forward/index.js';
import { RealtimeProvider } from '../../realtime/index.js';
import { REDIS, type RedisConnection } from '../../state/index.js';

export type Check = 'up' | 'down' | 'off';

/** How the parts are that this gateway needs. Nothing is started or asked by being asked: it tells what is known already. */
@Injectable()
export class HealthChecks {
  constructor(
    @Inject(Upstreams) private readonly upstreams: Upstreams,
    @Inject(RealtimeProvider) private readonly realtime: RealtimeProvider,
    @Inject(Database) private readonly database: Database,
    @Optional() @Inject(REDIS) private readonly redis: RedisConnection | undefined,
  ) {}

  read(): Readonly<Record<'php' | 'database' | 'redis' | 'realtime', Check>> {
    return {
      php: this.php(),
      database: this.databaseCheck(),
      redis: this.redisCheck(),
      realtime: this.realtime.isOn ? 'up' : 'off',
    };
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
