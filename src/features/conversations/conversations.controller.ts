import { Controller, Inject, Req, Res } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { GatewayError } from '../../contract/index.js';
import { type DryRunDeclaration, NativeHandler } from '../../routing/index.js';
import { answerTwin, type PhpNode } from '../php-twin/index.js';
import { readConversationEdit, readNewConversation, readRemovedId } from './conversation-input.js';
import { ConversationStore } from './conversation.store.js';
import { conversationView, newConversationView } from './conversation-view.js';

const UPDATED_AT = '/conversations/*/updated_at';
/** What each side makes for itself; in the document an id that was made is the one that was answered. */
const DRY_CREATE: DryRunDeclaration = {
  collection: 'conversations',
  generated: ['/data/id', '/data/created_at'],
  generatedEffects: ['/conversations/*/created_at', UPDATED_AT],
};
const DRY_UPDATE: DryRunDeclaration = {
  collection: 'conversations',
  generated: ['/data/updated_at'],
  generatedEffects: [UPDATED_AT],
};

/** The native twins of `/api/conversations.php`: each answers as PHP does. `@Res` keeps Nest from answering besides. */
@Controller()
export class ConversationsController {
  constructor(@Inject(ConversationStore) private readonly conversations: ConversationStore) {}

  @NativeHandler('conversations.list')
  list(@Req() req: IncomingMessage, @Res() _res: ServerResponse): Promise<void> {
    return answerTwin(req, async (_exchange, access) => {
      const data = (await this.conversations.list(access)).map(conversationView);
      return {
        fields: [
          ['data', data],
          ['count', BigInt(data.length)],
          ['user_id', access.subject],
        ],
      };
    });
  }

  @NativeHandler('conversations.create', { dryRun: DRY_CREATE })
  create(@Req() req: IncomingMessage, @Res() _res: ServerResponse): Promise<void> {
    return answerTwin(req, async (exchange, access) => {
      const { title, metadata } = readNewConversation(exchange);
      const made = await this.conversations.create(access, title, metadata);
      return { status: 201, fields: done('Conversation created.', newConversationView(made)) };
    });
  }

  @NativeHandler('conversations.update', { dryRun: DRY_UPDATE })
  update(@Req() req: IncomingMessage, @Res() _res: ServerResponse): Promise<void> {
    return answerTwin(req, async (exchange, access) => {
      const { id, edit } = readConversationEdit(exchange);
      const changed = await this.conversations.change(access, id, edit);
      if (changed === undefined) throw notFound();
      return { fields: done('Conversation updated.', conversationView(changed)) };
    });
  }

  @NativeHandler('conversations.delete', { dryRun: { collection: 'conversations' } })
  remove(@Req() req: IncomingMessage, @Res() _res: ServerResponse): Promise<void> {
    return answerTwin(req, async (exchange, access) => {
      const id = readRemovedId(exchange);
      if (!(await this.conversations.remove(access, id))) throw notFound();
      return { fields: done('Conversation deleted.', new Map([['id', id]])) };
    });
  }
}

function done(message: string, data: PhpNode): readonly [string, PhpNode][] {
  return [
    ['message', message],
    ['data', data],
  ];
}

function notFound(): GatewayError {
  return new GatewayError('NOT_FOUND', { error: 'This conversation was not found.' });
}
