import { Module } from '@nestjs/common';
import { RecordModule, StageModule } from '../experiment/index.js';
import { ExperimentController } from './experiment.controller.js';
import { MigrationController } from './migration.controller.js';
import { RecordController } from './record.controller.js';
import { ReplicationController } from './replication.controller.js';
import { StageController } from './stage.controller.js';

@Module({
  imports: [RecordModule, StageModule],
  controllers: [ExperimentController, MigrationController, RecordController, ReplicationController, StageController],
})
export class AdminModule {}
