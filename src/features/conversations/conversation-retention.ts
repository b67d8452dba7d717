import { randomBytes } from 'node:crypto';
import type { Replication } from '../../replication/index.js';
import type { RetentionResult, RetentionTask, RetentionWork } from '../../retention/index.js';
import { restedConversations } from './conversation-rows.js';
import { CONVERSATIONS } from './conversations.collection.js';

/** Owners that are looked up together, and that may fail before a run gives the rest up to the next one. */
const PAGE = 200;
const MAX_FAULTS = 20;
/** Sorts behind the key of any owner, which is of hex digits. */
const BEYOND = 'z';

/**
 * Conversations that have rested too long, owner by owner, as a change of the replicated collection: PHP's documents lose them too,
 * and each side decides by what it knows at that moment, so that one that is used on the other side meanwhile stays.
 */
export class ConversationRetention implements RetentionTask {
  readonly kind = 'conversations';

  constructor(private readonly replication: Replication) {}

  async run(work: RetentionWork): Promise<RetentionResult> {
    const { isLate } = work;
    const faults: string[] = [];
    // Elsewhere each time: those that cannot be changed, whose turn would come first again and again, do not keep it from the others.
    const start = randomBytes(20).toString('hex');
    let removed = 0;
    let [after, last] = [start, BEYOND];
    for (;;) {
      const owners = await this.ownersAmong(work, after, last);
      for (const owner of owners) {
        if (isLate() || faults.length >= MAX_FAULTS) return { removed, faults };
        after = owner;
        try {
          removed += await this.expire(work, owner);
        } catch (error) {
          faults.push(`${owner}: ${error instanceof Error ? error.name : 'unknown'}`);
        }
      }
      if (owners.length < PAGE) {
        if (last === start) return { removed, faults };
        [after, last] = ['', start];
      }
    }
  }

  /** @returns how many went */
  private async expire(work: RetentionWork, owner: string): Promise<number> {
    const { database, before, isDryRun, traceId, note } = work;
    const moment = before.toISOString();
    const ids = await restedConversations(await database.db(), owner, moment);
    if (!isDryRun)
      await this.replication.writeOwner(CONVERSATIONS, owner, traceId, {
        kind: 'expire',
        before: moment,
        at: new Date().toISOString(),
      });
    const left = isDryRun ? new Set<string>() : await this.among(work, owner, ids);
    const gone = ids.filter((id) => !left.has(id));
    for (const id of gone) note(`conversations/${owner}#${id}`);
    return gone.length;
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

  /** Above `after`, up to `last`. */
  private async ownersAmong(
    { database, before }: RetentionWork,
    after: string,
    last: string,
  ): Promise<readonly string[]> {
    const db = await database.db();
    const rows = await db
      .selectFrom('conversation')
      .select('owner')
      .distinct()
      .where('owner', '>', after)
      .where('owner', '<=', last)
      .where('updated_at', '<', before)
      .where((row) => row.or([row('last_message_at', 'is', null), row('last_message_at', '<', before)]))
      .orderBy('owner')
      .limit(PAGE)
      .execute();
    return rows.map(({ owner }) => owner);
  }
}
