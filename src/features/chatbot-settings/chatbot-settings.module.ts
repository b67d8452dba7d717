import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { PersonParts } from '../../persons/index.js';
import { Replication } from '../../replication/index.js';
import { ChatbotSettingsController } from './chatbot-settings.controller.js';
import { SETTINGS_OF_PERSON } from './settings-person.js';
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
  constructor(
    @Inject(Replication) private readonly replication: Replication,
    @Inject(PersonParts) private readonly persons: PersonParts,
  ) {}

  onModuleInit(): void {
    this.replication.register(SETTINGS);
    this.persons.register(SETTINGS_OF_PERSON);
  }
}
