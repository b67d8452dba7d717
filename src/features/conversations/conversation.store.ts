import { randomBytes } from 'node:crypto';
import type { OwnerAccess, Replication } from '../../replication/index.js';
import { conversationOf } from './conversation-columns.js';
import { conversationsView, latestFirst } from './conversation-rows.js';
import { CONVERSATIONS } from './conversations.collection.js';
import type { Conversation } from './stored-conversation.js';

/** What may be changed of a conversation; at least one. */
export interface ConversationEdit {
  readonly title?: string;
  readonly status?: string;
  /** JSON text. */
  readonly metadata?: string;
}

/** Conversations, each seen by its owner only. All throw ReplicationUnavailableError. */
export abstract class ConversationStore {
  /** The latest first. */
  abstract list(access: OwnerAccess): Promise<readonly Conversation[]>;
  abstract create(access: OwnerAccess, title: string, metadata: string): Promise<Conversation>;
  /** Undefined when the owner has no such conversation. */
  abstract change(access: OwnerAccess, id: string, edit: ConversationEdit): Promise<Conversation | undefined>;
  /** False when the owner has no such conversation. */
  abstract remove(access: OwnerAccess, id: string): Promise<boolean>;
}

/** Conversations in Postgres, kept alike with PHP's documents. */
export class ReplicatedConversations extends ConversationStore {
  constructor(private readonly replication: Replication) {
    super();
  }

  async list(access: OwnerAccess): Promise<readonly Conversation[]> {
    const rows = await this.replication.read(CONVERSATIONS, access, conversationsView);
    return rows.toSorted(latestFirst).map(conversationOf);
  }

  async create(access: OwnerAccess, title: string, metadata: string): Promise<Conversation> {
    const change = { kind: 'create', id: newId(), title, metadata, at: now() } as const;
    const made = await this.replication.write(CONVERSATIONS, access, change);
    if (made === undefined) throw new Error('a conversation that was made is none');
    return made;
  }

  change(access: OwnerAccess, id: string, edit: ConversationEdit): Promise<Conversation | undefined> {
    return this.replication.write(CONVERSATIONS, access, { kind: 'change', id, ...edit, at: now() });
  }

  async remove(access: OwnerAccess, id: string): Promise<boolean> {
    const removed = await this.replication.write(CONVERSATIONS, access, { kind: 'remove', id, at: now() });
    return removed !== undefined;
  }
}

/** As legacy-php's FileConversationRepository makes them. */
function newId(): string {
  return `conv_${randomBytes(12).toString('hex')}`;
}

function now(): string {
  return new Date().toISOString();
}
