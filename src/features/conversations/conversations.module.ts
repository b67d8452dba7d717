import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { PersonParts } from '../../persons/index.js';
import { Replication } from '../../replication/index.js';
import { RetentionTasks } from '../../retention/index.js';
import { CONVERSATIONS_OF_PERSON } from './conversation-person.js';
import { ConversationRetention } from './conversation-retention.js';
import { CONVERSATIONS } from './conversations.collection.js';
import { ConversationsController } from './conversations.controller.js';
import { ConversationStore, ReplicatedConversations } from './conversation.store.js';

@Module({
  controllers: [ConversationsController],
  providers: [
    {
      provide: ConversationStore,
      inject: [Replication],
      useFactory: (replication: Replication): ConversationStore => new ReplicatedConversations(replication),
    },
  ],
})
export class ConversationsModule implements OnModuleInit {
  constructor(
    @Inject(Replication) private readonly replication: Replication,
    @Inject(RetentionTasks) private readonly retention: RetentionTasks,
    @Inject(PersonParts) private readonly persons: PersonParts,
  ) {}

  onModuleInit(): void {
    this.replication.register(CONVERSATIONS);
    this.retention.register(new ConversationRetention(this.replication));
    this.persons.register(CONVERSATIONS_OF_PERSON);
  }
}
