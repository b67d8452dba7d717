import type { Selectable } from 'kysely';
import type { Tables } from '../../database/index.js';
import { entriesOf, type PhpNode, readPhpJson, writePhpJson } from '../php-twin/index.js';
import type { Conversation, Extra, StoredMessage } from './stored-conversation.js';

export type ConversationRow = Selectable<Tables['conversation']>;
type MessageRow = Selectable<Tables['conversation_message']>;

/** Deep enough for what PHP reads of a whole document. */
const DEPTH = 64;
const REPLACEMENT = '\ufffd';

/** The columns of a conversation that say what it is. */
export function columnsOf(conversation: Conversation): Omit<ConversationRow, 'owner' | 'position' | 'digest'> {
  const texts = new TextColumns(conversation.extra);
  return {
    id: conversation.id,
    title: texts.column('title', conversation.title),
    created_at: new Date(conversation.createdAt),
    updated_at: new Date(conversation.updatedAt),
    last_message_at: conversation.lastMessageAt === null ? null : new Date(conversation.lastMessageAt),
    message_count: String(conversation.messageCount),
    status: texts.column('status', conversation.status),
    last_message_preview:
      conversation.lastMessagePreview === null
        ? null
        : texts.column('last_message_preview', conversation.lastMessagePreview),
    metadata: texts.column('metadata', conversation.metadata),
    extra: texts.extra(),
  };
}

export function conversationOf(row: ConversationRow): Conversation {
  const texts = new WholeTexts(row.extra);
  return {
    id: row.id,
    title: texts.whole('title', row.title),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    lastMessageAt: row.last_message_at?.toISOString() ?? null,
    messageCount: BigInt(row.message_count),
    status: texts.whole('status', row.status),
    lastMessagePreview:
      row.last_message_preview === null ? null : texts.whole('last_message_preview', row.last_message_preview),
    metadata: texts.whole('metadata', row.metadata),
    extra: texts.rest(),
  };
}

export function messageColumnsOf(message: StoredMessage): Pick<MessageRow, 'role' | 'content' | 'extra'> {
  const texts = new TextColumns(message.extra);
  return {
    role: texts.column('role', message.role),
    content: texts.column('content', message.content),
    extra: texts.extra(),
  };
}

export function messageOf(row: MessageRow): StoredMessage {
  const texts = new WholeTexts(row.extra);
  return { role: texts.whole('role', row.role), content: texts.whole('content', row.content), extra: texts.rest() };
}

/** Postgres's text has no NUL: a text that has one stands whole in `extra`, and without it in its column. */
class TextColumns {
  private readonly members: Map<string, PhpNode>;

  constructor(extra: Extra) {
    this.members = new Map(extra);
  }

  column(name: string, text: string): string {
    if (!text.includes('\0')) return text;
    this.members.set(name, text);
    return text.replaceAll('\0', REPLACEMENT);
  }

  extra(): string | null {
    return this.members.size === 0 ? null : writePhpJson(this.members);
  }
}

class WholeTexts {
  private readonly members: Map<string, PhpNode>;

  constructor(extra: string | null) {
    const node = extra === null ? undefined : readPhpJson(extra, { depth: DEPTH, objectsAs: 'arrays' });
    this.members = new Map(entriesOf(node));
  }

  whole(name: string, column: string): string {
    const kept = this.members.get(name);
    this.members.delete(name);
    return typeof kept === 'string' ? kept : column;
  }

  rest(): Extra {
    return this.members;
  }
}
