import { Module } from '@nestjs/common';
import { RecordModule, StageModule } from '../experiment/index.js';
import { CacheController } from './cache.controller.js';
import { ExperimentController } from './experiment.controller.js';
import { MailController } from './mail.controller.js';
import { MigrationController } from './migration.controller.js';
import { PersonController } from './person.controller.js';
import { RecordController } from './record.controller.js';
import { ReplicationController } from './replication.controller.js';
import { RetentionController } from './retention.controller.js';
import { StageController } from './stage.controller.js';

@Module({
  imports: [RecordModule, StageModule],
  controllers: [
    CacheController,
    ExperimentController,
    MailController,
    MigrationController,
    PersonController,
    RecordController,
    ReplicationController,
    RetentionController,
    StageController,
  ],
})
export class AdminModule {}
