import { Controller, Inject } from '@nestjs/common';
import { CONFIG, type GatewayConfig } from '../../config/index.js';
import { EnvelopeFields, GatewayError } from '../../contract/index.js';
import { DrainState } from '../../edge/index.js';
import { NativeHandler } from '../../routing/index.js';
import { HealthChecks } from './health-checks.js';

/** Health for people and probes. Nothing is started or asked by being asked: it tells what is known already. */
@Controller()
export class HealthController {
  constructor(
    @Inject(CONFIG) private readonly config: GatewayConfig,
    @Inject(HealthChecks) private readonly checks: HealthChecks,
    @Inject(DrainState) private readonly drain: DrainState,
  ) {}

  /** `healthy` while every part that is switched on is up. */
  @NativeHandler('health')
  health(): EnvelopeFields {
    const checks = this.checks.read();
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
}
