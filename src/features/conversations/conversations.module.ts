import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { Replication } from '../../replication/index.js';
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
  constructor(@Inject(Replication) private readonly replication: Replication) {}

  onModuleInit(): void {
    this.replication.register(CONVERSATIONS);
  }
}
