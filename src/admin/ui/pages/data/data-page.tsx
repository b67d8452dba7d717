import type { JSX } from 'preact';
import { Page } from '../../parts/page.js';
import { CacheCard } from './cache-card.js';
import { MailCard } from './mail-card.js';
import { MigrationCard } from './migration-card.js';
import { ReplicationCard } from './replication-card.js';
import { RetentionCard } from './retention-card.js';

/** What waits, what is kept, and what is carried. */
export function DataPage(): JSX.Element {
  return (
    <Page
      title="Mail and data"
      lead="What waits to be sent, what is kept and for how long, and what is carried out of PHP."
    >
      <div class="grid">
        <MailCard />
        <ReplicationCard />
        <CacheCard />
        <MigrationCard />
        <RetentionCard />
      </div>
    </Page>
  );
}
