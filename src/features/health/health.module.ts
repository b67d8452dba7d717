import { Module } from '@nestjs/common';
import { EdgeModule } from '../../edge/index.js';
import { ForwardModule } from '../../forward/index.js';
import { HealthController } from './health.controller.js';

@Module({ imports: [EdgeModule, ForwardModule], controllers: [HealthController] })
export class HealthModule {}
