import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { Replication } from '../../replication/index.js';
import { ChatbotSettingsController } from './chatbot-settings.controller.js';
import { SETTINGS } from './settings.collection.js';
import { ReplicatedSettings, SettingsStore } from './settings.store.js';

@Module({
  controllers: [ChatbotSettingsController],
  providers: [
    {
      provide: SettingsStore,
      inject: [Replication],
      useFactory: (replication: Replication): SettingsStore => new ReplicatedSettings(replication),
    },
  ],
})
export class ChatbotSettingsModule implements OnModuleInit {
  constructor(@Inject(Replication) private readonly replication: Replication) {}

  onModuleInit(): void {
    this.replication.register(SETTINGS);
  }
}
