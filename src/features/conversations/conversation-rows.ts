import { createHash } from 'node:crypto';
import type { Kysely, SelectQueryBuilder, Transaction } from 'kysely';
import type { Tables } from '../../database/index.js';
import { writePhpJson } from '../php-twin/index.js';
import {
  columnsOf,
  conversationOf,
  type ConversationRow,
  messageColumnsOf,
  messageOf,
} from './conversation-columns.js';
import {
  type Conversation,
  conversationNode,
  type StoredConversation,
  type StoredMessage,
} from './stored-conversation.js';

type Trx = Transaction<Tables>;

/** Rows of one statement: Postgres takes 65,535 values. */
const BATCH = 1000;

/** An owner's conversations, without their messages. */
export function conversationsView(
  db: Kysely<Tables>,
  owner: string,
): SelectQueryBuilder<Tables, 'conversation', ConversationRow> {
  return db.selectFrom('conversation').selectAll().where('owner', '=', owner);
}

/** The latest first; of those changed in the same millisecond the one that came last. */
export function latestFirst(a: ConversationRow, b: ConversationRow): number {
  return b.updated_at.getTime() - a.updated_at.getTime() || b.position - a.position;
}

export async function findConversation(trx: Trx, owner: string, id: string): Promise<Conversation | undefined> {
  const row = await conversationsView(trx, owner).where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : conversationOf(row);
}

/** All of an owner, messages included, in the order of PHP's document. */
export async function loadConversations(trx: Trx, owner: string): Promise<readonly StoredConversation[]> {
  const rows = await conversationsView(trx, owner).orderBy('position').execute();
  const messageRows = await trx
    .selectFrom('conversation_message')
    .selectAll()
    .where('owner', '=', owner)
    .orderBy('conversation_id')
    .orderBy('position')
    .execute();
  const messages = new Map<string, StoredMessage[]>(rows.map(({ id }) => [id, []]));
  for (const row of messageRows) messages.get(row.conversation_id)?.push(messageOf(row));
  return rows.map((row) => ({ ...conversationOf(row), messages: messages.get(row.id) ?? [] }));
}

/** Puts a new conversation, without messages, behind the others. @returns how many there are now */
export async function addConversation(trx: Trx, owner: string, conversation: Conversation): Promise<number> {
  const { sql } = await import('kysely');
  const others = trx.selectFrom('conversation').where('owner', '=', owner);
  const next = others.select(sql<number>`coalesce(max(position), -1) + 1`.as('next'));
  const { before } = await trx
    .insertInto('conversation')
    .values({ owner, position: next, ...columnsOf(conversation) })
    // As the statement found them: without the new one.
    .returning(others.select(({ fn }) => fn.countAll<string>().as('before')).as('before'))
    .executeTakeFirstOrThrow();
  return Number(before) + 1;
}

/** Writes what a conversation says now; its messages and its place stay. */
export async function saveConversation(trx: Trx, owner: string, conversation: Conversation): Promise<void> {
  await trx
    .updateTable('conversation')
    .set({ ...columnsOf(conversation), digest: null })
    .where('owner', '=', owner)
    .where('id', '=', conversation.id)
    .execute();
}

/** Ids of what was neither changed nor spoken in since a moment (ISO 8601), as PHP's ConversationList::hasRested tells it. */
export async function restedConversations(
  db: Kysely<Tables>,
  owner: string,
  before: string,
): Promise<readonly string[]> {
  const moment = new Date(before);
  const rows = await db
    .selectFrom('conversation')
    .select('id')
    .where('owner', '=', owner)
    .where('updated_at', '<', moment)
    .where(({ eb, or }) => or([eb('last_message_at', 'is', null), eb('last_message_at', '<', moment)]))
    .orderBy('position')
    .execute();
  return rows.map(({ id }) => id);
}

export async function removeConversations(trx: Trx, owner: string, ids: readonly string[]): Promise<boolean> {
  if (ids.length === 0) return false;
  const { numDeletedRows } = await trx
    .deleteFrom('conversation')
    .where('owner', '=', owner)
    .where('id', 'in', ids)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/**
 * Keeps the `max` conversations that were changed last. As in PHP's document, where there were more they stand in the order of
 * their last change from then on.
 */
export async function boundConversations(trx: Trx, owner: string, max: number): Promise<void> {
  const byAge = await trx
    .selectFrom('conversation')
    .select(['id', 'position'])
    .where('owner', '=', owner)
    .orderBy('updated_at')
    .orderBy('position')
    .execute();
  if (byAge.length <= max) return;
  await removeConversations(
    trx,
    owner,
    byAge.slice(0, -max).map(({ id }) => id),
  );
  let last = -1;
  for (const { id, position } of byAge.slice(-max)) {
    const moved = Math.max(position, last + 1);
    if (moved !== position) await place(trx, owner, id, moved);
    last = moved;
  }
}

/** Makes the rows say what a document says. A conversation that was taken from PHP as it is now is not written again. */
export async function replaceConversations(
  trx: Trx,
  owner: string,
  conversations: readonly StoredConversation[],
): Promise<void> {
  const rows = await trx
    .selectFrom('conversation')
    .select(['id', 'position', 'digest'])
    .where('owner', '=', owner)
    .execute();
  const known = new Map(rows.map((row) => [row.id, row]));
  const wanted = conversations.map((conversation, position) => ({
    conversation,
    position,
    digest: digestOf(conversation),
  }));
  const kept = wanted.filter(({ conversation: { id }, digest }) => known.get(id)?.digest === digest);
  for (const { conversation } of kept) known.delete(conversation.id);
  await removeConversations(trx, owner, [...known.keys()]);
  const unchanged = new Set(kept);
  const positions = new Map(rows.map(({ id, position }) => [id, position]));
  for (const { conversation, position } of kept)
    if (positions.get(conversation.id) !== position) await place(trx, owner, conversation.id, position);
  const fresh = wanted.filter((entry) => !unchanged.has(entry));
  for (const some of batchesOf(fresh))
    await trx
      .insertInto('conversation')
      .values(
        some.map(({ conversation, position, digest }) => ({ owner, position, digest, ...columnsOf(conversation) })),
      )
      .execute();
  const messages = fresh.flatMap(({ conversation }) => messageRowsOf(owner, conversation));
  for (const some of batchesOf(messages)) await trx.insertInto('conversation_message').values(some).execute();
}

async function place(trx: Trx, owner: string, id: string, position: number): Promise<void> {
  await trx.updateTable('conversation').set({ position }).where('owner', '=', owner).where('id', '=', id).execute();
}

function messageRowsOf(owner: string, { id, messages }: StoredConversation) {
  return messages.map((message, position) => ({
    owner,
    conversation_id: id,
    position,
    ...messageColumnsOf(message),
  }));
}

function digestOf(conversation: StoredConversation): string {
  return createHash('sha256')
    .update(writePhpJson(conversationNode(conversation)))
    .digest('hex');
}

function* batchesOf<T>(rows: readonly T[]): Iterable<readonly T[]> {
  for (let at = 0; at < rows.length; at += BATCH) yield rows.slice(at, at + BATCH);
}
