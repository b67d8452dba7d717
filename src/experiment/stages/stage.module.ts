import { Module } from '@nestjs/common';
import { join } from 'node:path';
import { CONFIG, type GatewayConfig } from '../../config/index.js';
import { Database } from '../../database/index.js';
import { Metrics } from '../../metrics/index.js';
import { LOGGER, type Logger } from '../../trace/index.js';
import { WriteMirror } from '../dry-run/index.js';
import { NativeTurns } from '../canary/index.js';
import { EvidenceBook } from '../evidence/index.js';
import { DatabaseIgnoreStore, IgnoreBoard, IgnoreSnapshot } from '../ignores/index.js';
import { ExperimentReports, Judge, JUDGE_PROVIDERS } from '../judge/index.js';
import { Mirror } from '../mirror/index.js';
import { Strays } from '../strays/index.js';
import { ArmCounters } from './arm-counters.js';
import { DatabaseStageStore } from './database-stage.store.js';
import { EmbeddedStageStore } from './embedded-stage.store.js';
import { measureExperiments } from './experiment-metrics.js';
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
    {
      provide: 'experiment-metrics',
      inject: [Metrics, StageBoard, EvidenceBook, Judge, Mirror, NativeTurns, Strays],
      useFactory: (
        metrics: Metrics,
        board: StageBoard,
        book: EvidenceBook,
        judge: Judge,
        mirror: Mirror,
        turns: NativeTurns,
        strays: Strays,
      ) => {
        measureExperiments(metrics, { board, book, judge, mirror, turns, strays });
        return true;
      },
    },
    {
      provide: IgnoreBoard,
      inject: [Database, CONFIG, LOGGER],
      useFactory: (database: Database, { directories }: GatewayConfig, logger: Logger) => {
        const isEmbedded = database.kind === 'embedded';
        const snapshot = isEmbedded ? new IgnoreSnapshot(join(directories.data, 'ignores.json')) : undefined;
        return new IgnoreBoard(new DatabaseIgnoreStore(database, snapshot), logger);
      },
    },
  ],
  exports: [ArmCounters, EvidenceBook, ExperimentReports, IgnoreBoard, Mirror, NativeTurns, StageBoard, WriteMirror],
})
export class StageModule {}
