import type { PhpNode } from '../php-twin/index.js';
import { metadataNode } from './conversation-input.js';
import type { Conversation } from './stored-conversation.js';

/** How a conversation looks to a client (legacy-php's `Presenter::full`). */
export function conversationView(conversation: Conversation): PhpNode {
  return new Map<string, PhpNode>([
    ['id', conversation.id],
    ['title', conversation.title],
    ['created_at', conversation.createdAt],
    ['updated_at', conversation.updatedAt],
    ['last_message_at', conversation.lastMessageAt],
    ['message_count', conversation.messageCount],
    ['status', conversation.status],
    ['last_message_preview', conversation.lastMessagePreview],
    ['metadata', metadataNode(conversation.metadata)],
  ]);
}

/** How one that was just made looks. */
export function newConversationView({ id, title, createdAt, status, messageCount }: Conversation): PhpNode {
  return new Map<string, PhpNode>([
    ['id', id],
    ['title', title],
    ['created_at', createdAt],
    ['status', status],
    ['message_count', messageCount],
  ]);
}
