import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/index.js';
import { EdgeModule } from '../edge/index.js';
import { RecordModule, StageModule } from '../experiment/index.js';
import { CspReportModule, HealthModule } from '../features/index.js';
import { ForwardModule } from '../forward/index.js';
import { WatchModule } from '../watch/index.js';
import { CacheController } from './cache.controller.js';
import { ExperimentController } from './experiment.controller.js';
import { IgnoreController } from './ignore.controller.js';
import { IdentityCheck } from './live/identity-check.js';
import { LiveHub } from './live/live-hub.js';
import { OverviewReader } from './live/overview-reader.js';
import { PseudonymousViews } from './live/pseudonymous-views.js';
import { LiveController } from './live.controller.js';
import { MailController } from './mail.controller.js';
import { MatchController } from './match.controller.js';
import { MigrationController } from './migration.controller.js';
import { OverviewController } from './overview.controller.js';
import { PageController } from './page/index.js';
import { PersonController } from './person.controller.js';
import { RealtimeController } from './realtime.controller.js';
import { RecordController } from './record.controller.js';
import { ReplicationController } from './replication.controller.js';
import { RetentionController } from './retention.controller.js';
import { RoutesController } from './routes.controller.js';
import { SecurityController } from './security.controller.js';
import { SessionController } from './session.controller.js';
import { StageController } from './stage.controller.js';
import { ThisInstance } from './this-instance.js';
import { TraceController } from './trace.controller.js';

@Module({
  imports: [
    AuthModule,
    CspReportModule,
    EdgeModule,
    ForwardModule,
    HealthModule,
    RecordModule,
    StageModule,
    WatchModule,
  ],
  providers: [IdentityCheck, LiveHub, OverviewReader, PseudonymousViews, ThisInstance],
  controllers: [
    CacheController,
    ExperimentController,
    IgnoreController,
    LiveController,
    MailController,
    MatchController,
    MigrationController,
    OverviewController,
    PageController,
    PersonController,
    RealtimeController,
    RecordController,
    ReplicationController,
    RetentionController,
    RoutesController,
    SecurityController,
    SessionController,
    StageController,
    TraceController,
  ],
  exports: [LiveHub],
})
export class AdminModule {}
