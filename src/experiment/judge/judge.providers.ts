import type { Provider } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { Database } from '../../database/index.js';
import { LOGGER, type Logger } from '../../trace/index.js';
import { NativeTurns } from '../canary/index.js';
import { EvidenceBook, EvidenceKeeper, EvidenceStore } from '../evidence/index.js';
import { Mirror } from '../mirror/index.js';
import { ParityStore } from '../parity/index.js';
import { StageBoard } from '../stages/stage-board.js';
import { Strays } from '../strays/index.js';
import { DecisionStore } from './decision-store.js';
import { ExperimentReports } from './experiment-reports.js';
import { Judge } from './judge.js';

/** Names this process among those that share a database. */
const INSTANCE = Symbol('INSTANCE');

/** What gathers evidence, keeps it and decides by it. */
export const JUDGE_PROVIDERS: Provider[] = [
  EvidenceBook,
  Strays,
  NativeTurns,
  { provide: INSTANCE, useFactory: () => randomUUID() },
  {
    provide: EvidenceStore,
    inject: [Database, INSTANCE],
    useFactory: (database: Database, instance: string) => new EvidenceStore(database, instance),
  },
  {
    provide: EvidenceKeeper,
    inject: [EvidenceBook, EvidenceStore, ParityStore, Database, INSTANCE],
    useFactory: (book: EvidenceBook, store: EvidenceStore, parity: ParityStore, database: Database, instance: string) =>
      new EvidenceKeeper(book, store, parity, database, instance),
  },
  { provide: ParityStore, inject: [Database], useFactory: (database: Database) => new ParityStore(database) },
  { provide: DecisionStore, inject: [Database], useFactory: (database: Database) => new DecisionStore(database) },
  {
    provide: Judge,
    inject: [EvidenceBook, EvidenceKeeper, StageBoard, DecisionStore, LOGGER],
    useFactory: (book: EvidenceBook, keeper: EvidenceKeeper, board: StageBoard, store: DecisionStore, logger: Logger) =>
      new Judge(book, keeper, board, store, logger),
  },
  {
    provide: ExperimentReports,
    inject: [EvidenceBook, Mirror, NativeTurns, Judge, EvidenceStore, ParityStore, DecisionStore, Database],
    useFactory: (
      book: EvidenceBook,
      mirror: Mirror,
      turns: NativeTurns,
      judge: Judge,
      evidence: EvidenceStore,
      parity: ParityStore,
      decisions: DecisionStore,
      database: Database,
    ) => new ExperimentReports({ book, mirror, turns, judge, evidence, parity, decisions, database }),
  },
];
