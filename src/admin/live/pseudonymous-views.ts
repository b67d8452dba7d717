import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type GatewayConfig } from '../../config/index.js';
import { Pseudonyms } from '../../privacy/index.js';
import type { RealtimeState } from '../../realtime/index.js';
import type { Refusal } from '../../watch/index.js';
import type { RealtimeView, SecurityEvent } from '../admin-api.js';

/** Tells of callers by the pseudonyms that the logs have for them. */
@Injectable()
export class PseudonymousViews {
  private readonly pseudonyms: Pseudonyms;

  constructor(@Inject(CONFIG) { identity }: GatewayConfig) {
    this.pseudonyms = Pseudonyms.from(identity.secret);
  }

  refusal({ at, kind, route, traceId, address, status }: Refusal): SecurityEvent {
    return { at: new Date(at).toISOString(), kind, route, traceId, who: this.pseudonyms.of(address), status };
  }

  realtime({ sessions, ...state }: RealtimeState): RealtimeView {
    return {
      ...state,
      sessions: sessions.map(({ traceId, since, state: how, subject, framesIn, framesOut }) => ({
        id: traceId,
        since,
        state: how,
        ...(subject === undefined ? {} : { who: this.pseudonyms.of(subject) }),
        framesIn,
        framesOut,
      })),
    };
  }
}
