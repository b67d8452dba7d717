import { type DynamicModule, Global, Module } from '@nestjs/common';
import type { WorkerPlace } from './worker-place.js';

/** Nest token of this process's `WorkerPlace`; undefined where one process serves. */
export const WORKER_PLACE = Symbol('place among the workers');

@Global()
@Module({})
export class WorkersModule {
  static for(place: WorkerPlace | undefined): DynamicModule {
    return {
      module: WorkersModule,
      providers: [{ provide: WORKER_PLACE, useFactory: () => place }],
      exports: [WORKER_PLACE],
    };
  }
}
