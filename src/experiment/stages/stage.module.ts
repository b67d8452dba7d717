import { Module } from '@nestjs/common';
import { join } from 'node:path';
import { CONFIG, type GatewayConfig } from '../../config/index.js';
import { Database } from '../../database/index.js';
import { LOGGER, type Logger } from '../../trace/index.js';
import { WriteMirror } from '../dry-run/index.js';
import { NativeTurns } from '../canary/index.js';
import { EvidenceBook } from '../evidence/index.js';
import { ExperimentReports, JUDGE_PROVIDERS } from '../judge/index.js';
import { Mirror } from '../mirror/index.js';
import { ArmCounters } from './arm-counters.js';
import { DatabaseStageStore } from './database-stage.store.js';
import { EmbeddedStageStore } from './embedded-stage.store.js';
import { StageBoard } from './stage-board.js';
import { StageSnapshot } from './stage-snapshot.js';
import { STAGE_STORE, type StageStore } from './stage-store.js';

@Module({
  providers: [
    ArmCounters,
    Mirror,
    WriteMirror,
    ...JUDGE_PROVIDERS,
    {
      provide: STAGE_STORE,
      inject: [Database, CONFIG],
      useFactory: (database: Database, { directories }: GatewayConfig): StageStore =>
        database.kind === 'embedded'
          ? new EmbeddedStageStore(database, new StageSnapshot(join(directories.data, 'stages.json')))
          : new DatabaseStageStore(database),
    },
    {
      provide: StageBoard,
      inject: [STAGE_STORE, LOGGER],
      useFactory: (store: StageStore, logger: Logger) => new StageBoard(store, logger),
    },
  ],
  exports: [ArmCounters, EvidenceBook, ExperimentReports, Mirror, NativeTurns, StageBoard, WriteMirror],
})
export class StageModule {}
