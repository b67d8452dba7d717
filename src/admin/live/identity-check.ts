import { Inject, Injectable } from '@nestjs/common';
import { hasAdminRole } from '../admin-request.js';
import { identifyAgain, JwtVerifier, PhpSessions } from '../../auth/index.js';
import { CONFIG, type GatewayConfig } from '../../config/index.js';
import { askPhpForSession, type Upstream, Upstreams } from '../../forward/index.js';
import { SHARED_STATE, type SharedState } from '../../state/index.js';
import type { LiveStream } from './live-stream.js';

/** Whether those who look on still may: their tokens and sessions hold, and they are administrators. */
@Injectable()
export class IdentityCheck {
  private readonly sessions = new WeakMap<Upstream, PhpSessions>();

  constructor(
    @Inject(CONFIG) private readonly config: GatewayConfig,
    @Inject(JwtVerifier) private readonly jwt: JwtVerifier,
    @Inject(Upstreams) private readonly upstreams: Upstreams,
    @Inject(SHARED_STATE) private readonly state: SharedState,
  ) {}

  /** Never rejects: who was known stays so while nobody can say; the end of a token is watched besides. */
  async holds({ exchange, admin }: LiveStream): Promise<boolean> {
    try {
      const identity = await identifyAgain(exchange, this.jwt, this.phpSessions());
      return identity?.subject === admin.subject && hasAdminRole(identity);
    } catch {
      return true;
    }
  }

  /** As the pipeline has them for routes without an upstream. */
  private phpSessions(): PhpSessions | undefined {
    const upstream = this.upstreams.all().find(({ settings }) => settings.session !== undefined);
    if (upstream?.settings.session === undefined) return undefined;
    const known = this.sessions.get(upstream);
    if (known !== undefined) return known;
    const { secret } = this.config.identity;
    const made = new PhpSessions(
      upstream.settings.session.cookie,
      (cookie, traceId) => askPhpForSession(upstream, secret, cookie, traceId),
      this.state.replicatedMap('ended-sessions'),
    );
    this.sessions.set(upstream, made);
    return made;
  }
}
