import { Global, Module } from '@nestjs/common';
import { CONFIG, type GatewayConfig } from '../config/index.js';
import { Database } from '../database/index.js';
import { Metrics } from '../metrics/index.js';
import { LOGGER, type Logger } from '../trace/index.js';
import { measureRetention } from './retention-metrics.js';
import { Retention } from './retention.js';
import { RetentionTasks } from './retention-task.js';
import { TABLE_TASKS } from './table-tasks.js';

@Global()
@Module({
  providers: [
    {
      provide: RetentionTasks,
      useFactory: () => {
        const tasks = new RetentionTasks();
        for (const task of TABLE_TASKS) tasks.register(task);
        return tasks;
      },
    },
    {
      provide: Retention,
      inject: [Database, RetentionTasks, CONFIG, LOGGER, Metrics],
      useFactory: (
        database: Database,
        tasks: RetentionTasks,
        { retention }: GatewayConfig,
        logger: Logger,
        metrics: Metrics,
      ) => {
        const made = new Retention(database, tasks, retention, logger);
        measureRetention(metrics, database, made);
        return made;
      },
    },
  ],
  exports: [Retention, RetentionTasks],
})
export class RetentionModule {}
