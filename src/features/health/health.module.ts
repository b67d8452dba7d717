import { Module } from '@nestjs/common';
import { EdgeModule } from '../../edge/index.js';
import { ForwardModule } from '../../forward/index.js';
import { HealthChecks } from './health-checks.js';
import { HealthController } from './health.controller.js';

@Module({
  imports: [EdgeModule, ForwardModule],
  providers: [HealthChecks],
  controllers: [HealthController],
  exports: [HealthChecks],
})
export class HealthModule {}
