import { Inject, Module, type OnModuleDestroy } from '@nestjs/common';
import { LOGGER, type Logger } from '../../trace/index.js';
import { Recorder } from './recorder.js';

@Module({
  providers: [{ provide: Recorder, inject: [LOGGER], useFactory: (logger: Logger) => new Recorder(logger) }],
  exports: [Recorder],
})
export class RecordModule implements OnModuleDestroy {
  constructor(@Inject(Recorder) private readonly recorder: Recorder) {}

  onModuleDestroy(): void {
    this.recorder.close();
  }
}
