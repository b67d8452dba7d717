import { Module } from '@nestjs/common';
import { StageModule } from '../experiment/index.js';
import { ExperimentController } from './experiment.controller.js';
import { StageController } from './stage.controller.js';

@Module({ imports: [StageModule], controllers: [ExperimentController, StageController] })
export class AdminModule {}
