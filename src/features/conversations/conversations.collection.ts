import type { Transaction } from 'kysely';
import type { Tables } from '../../database/index.js';
import type { Applied, Collection } from '../../replication/index.js';
import { readConversations, writeConversations } from './conversation-document.js';
import {
  addConversation,
  boundConversations,
  findConversation,
  loadConversations,
  removeConversations,
  replaceConversations,
  restedConversations,
  saveConversation,
} from './conversation-rows.js';
import { blankConversation, type Conversation } from './stored-conversation.js';

/** As in legacy-php's FileConversationRepository. */
const MAX_CONVERSATIONS = 200;

/** What a native handler, or PHP by the bridge, does to an owner's conversations. `at`: ISO 8601, UTC, milliseconds. */
export type ConversationChange =
  | {
      readonly kind: 'create';
      readonly id: string;
      readonly title: string;
      /** JSON text. */
      readonly metadata: string;
      readonly at: string;
    }
  | {
      readonly kind: 'change';
      readonly id: string;
      readonly title?: string;
      readonly status?: string;
      readonly metadata?: string;
      readonly at: string;
    }
  | { readonly kind: 'remove'; readonly id: string; readonly at: string }
  /** What has rested since before a moment goes; each side decides by what it knows. */
  | { readonly kind: 'expire'; readonly before: string; readonly at: string };

/** Conversations and their messages, as rows and as legacy-php's documents. What became of a change: the conversation it met. */
export const CONVERSATIONS: Collection<ConversationChange, Conversation | undefined> = {
  name: 'conversations',
  // Talking adds messages, and begins conversations.
  writers: ['conversations.create', 'conversations.update', 'conversations.delete', 'donna.chat'],

  async replace(trx, owner, document) {
    await replaceConversations(trx, owner, readConversations(document));
  },

  async document(trx, owner) {
    const conversations = await loadConversations(trx, owner);
    return conversations.length === 0 ? undefined : writeConversations(conversations);
  },

  async apply(trx, owner, change) {
    if (change.kind === 'expire') {
      const hasChanged = await removeConversations(trx, owner, await restedConversations(trx, owner, change.before));
      return { outcome: undefined, hasChanged };
    }
    const known = await findConversation(trx, owner, change.id);
    if (change.kind === 'create') return create(trx, owner, change, known);
    if (known === undefined) return { outcome: undefined, hasChanged: false };
    if (change.kind === 'remove') {
      await removeConversations(trx, owner, [change.id]);
      return { outcome: known, hasChanged: true };
    }
    const { title = known.title, status = known.status, metadata = known.metadata, at } = change;
    const changed = { ...known, title, status, metadata, updatedAt: at };
    await saveConversation(trx, owner, changed);
    return { outcome: changed, hasChanged: true };
  },

  canonical(document) {
    const conversations = document === undefined ? [] : readConversations(document);
    return { text: writeConversations(conversations), items: conversations.length };
  },
};

/** What was made before, by the same change, is not made again. */
async function create(
  trx: Transaction<Tables>,
  owner: string,
  { id, title, metadata, at }: ConversationChange & { readonly kind: 'create' },
  known: Conversation | undefined,
): Promise<Applied<Conversation>> {
  if (known !== undefined) return { outcome: known, hasChanged: false };
  const made = blankConversation(id, title, metadata, at);
  const count = await addConversation(trx, owner, made);
  if (count > MAX_CONVERSATIONS) await boundConversations(trx, owner, MAX_CONVERSATIONS);
  return { outcome: made, hasChanged: true };
}
