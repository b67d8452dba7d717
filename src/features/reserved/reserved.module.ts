import { Module } from '@nestjs/common';
import { ReservedController } from './reserved.controller.js';

@Module({ controllers: [ReservedController] })
export class ReservedModule {}
