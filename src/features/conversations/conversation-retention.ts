import type { Replication } from '../../replication/index.js';
import type { RetentionResult, RetentionTask, RetentionWork } from '../../retention/index.js';
import { restedConversations } from './conversation-rows.js';
import { CONVERSATIONS } from './conversations.collection.js';

/** Owners that are looked up together, and that may fail before a run gives the rest up to the next one. */
const PAGE = 200;
const MAX_FAULTS = 20;

/**
 * Conversations that have rested too long, owner by owner, as a change of the replicated collection: PHP's documents lose them too,
 * and each side decides by what it knows at that moment, so that one that is used on the other side meanwhile stays.
 */
export class ConversationRetention implements RetentionTask {
  readonly kind = 'conversations';

  constructor(private readonly replication: Replication) {}

  async run(work: RetentionWork): Promise<RetentionResult> {
    const { database, before, isDryRun, traceId, note, isLate } = work;
    const moment = before.toISOString();
    const faults: string[] = [];
    let removed = 0;
    let after = '';
    for (;;) {
      const owners = await this.ownersAfter(work, after);
      for (const owner of owners) {
        if (isLate() || faults.length >= MAX_FAULTS) return { removed, faults };
        after = owner;
        try {
          const ids = await restedConversations(await database.db(), owner, moment);
          if (!isDryRun)
            await this.replication.writeOwner(CONVERSATIONS, owner, traceId, {
              kind: 'expire',
              before: moment,
              at: new Date().toISOString(),
            });
          const left = isDryRun ? new Set<string>() : await this.among(work, owner, ids);
          for (const id of ids.filter((gone) => !left.has(gone))) {
            removed += 1;
            note(`conversations/${owner}#${id}`);
          }
        } catch (error) {
          faults.push(`${owner}: ${error instanceof Error ? error.name : 'unknown'}`);
        }
      }
      if (owners.length < PAGE) return { removed, faults };
    }
  }

  /** Those that are still there: they were used meanwhile. */
  private async among(
    { database }: RetentionWork,
    owner: string,
    ids: readonly string[],
  ): Promise<ReadonlySet<string>> {
    if (ids.length === 0) return new Set();
    const db = await database.db();
    const rows = await db
      .selectFrom('conversation')
      .select('id')
      .where('owner', '=', owner)
      .where('id', 'in', ids)
      .execute();
    return new Set(rows.map(({ id }) => id));
  }

  private async ownersAfter({ database, before }: RetentionWork, after: string): Promise<readonly string[]> {
    const db = await database.db();
    const rows = await db
      .selectFrom('conversation')
      .select('owner')
      .distinct()
      .where('owner', '>', after)
      .where('updated_at', '<', before)
      .orderBy('owner')
      .limit(PAGE)
      .execute();
    return rows.map(({ owner }) => owner);
  }
}
