import { Module } from '@nestjs/common';
import { DrainState } from './drain-state.js';
import { UpgradeHandlers } from './upgrade-handlers.js';

@Module({ providers: [DrainState, UpgradeHandlers], exports: [DrainState, UpgradeHandlers] })
export class EdgeModule {}
