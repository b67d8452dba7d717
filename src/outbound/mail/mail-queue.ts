import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { GatewayError } from '../../contract/index.js';
import { databaseFaultOf } from '../../database/index.js';
import type { Metrics } from '../../metrics/index.js';
import { ownerKey } from '../../replication/index.js';
import type { Logger } from '../../trace/index.js';
import { checkMail } from './check-mail.js';
import { type Mail, type MailFacts, type MailReceipt, MailTransport } from './mail.js';
import type { MailBounds } from './mail-bounds.js';
import { MailHashes } from './mail-hashes.js';
import type { KeptMail, MailStore } from './mail.store.js';
import type { MailWorker } from './mail.worker.js';

/** Seconds after which a caller whose mail was not taken should come again. */
const COME_AGAIN_S = 30;
const NATIVE: MailFacts = { caller: 'native' };

export interface QueueParts {
  readonly store: MailStore;
  /** Undefined without SMTP. */
  readonly worker: MailWorker | undefined;
  /** Host name of what mail is from. */
  readonly domain: string;
  /** Keys the hashes. */
  readonly secret: string;
  readonly metrics: Metrics;
  readonly logger: Pick<Logger, 'error'>;
  readonly bounds: Pick<MailBounds, 'maxWaiting'>;
}

/** Takes mail: checked, committed to Postgres, then sent in the background. */
export class MailQueue extends MailTransport implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly hashes: MailHashes;
  private readonly taken;

  constructor(private readonly parts: QueueParts) {
    super();
    this.hashes = new MailHashes(parts.secret);
    this.taken = parts.metrics.counter(
      'donna_mail_taken_total',
      'Mails that callers handed in: queued, repeated (known by their key), or refused (queue full, no database).',
      ['outcome'],
    );
  }

  onApplicationBootstrap(): void {
    this.parts.worker?.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.parts.worker?.stop();
  }

  /** Has mail that is due tried at once. */
  wake(): void {
    this.parts.worker?.wake();
  }

  override async send(mail: Mail, facts: MailFacts = NATIVE): Promise<MailReceipt> {
    const checked = checkMail(mail);
    if ('faults' in checked) throw new GatewayError('VALIDATION_FAILED', { validationErrors: checked.faults });
    if (this.parts.worker === undefined) throw new GatewayError('MAIL_NOT_CONFIGURED');
    const content = JSON.stringify(checked.mail);
    const contentHash = this.hashes.content(content);
    const kept = await this.keep(checked.mail, content, contentHash, facts);
    if (kept.contentHash !== contentHash)
      throw new GatewayError('VALIDATION_FAILED', {
        validationErrors: { idempotency_key: 'was used for another mail' },
      });
    this.wake();
    return { messageId: kept.messageId, status: 'queued' };
  }

  /** @throws GatewayError UPSTREAM_UNAVAILABLE */
  private async keep(
    { to }: Mail,
    content: string,
    contentHash: string,
    { caller, idempotencyKey, owner, traceId }: MailFacts,
  ): Promise<KeptMail> {
    const { store, domain, bounds, logger } = this.parts;
    const id = randomUUID();
    const messageId = `<${id}@${domain}>`;
    let kept: KeptMail | 'full' | 'erased';
    try {
      kept = await store.add(
        {
          id,
          caller,
          key: idempotencyKey === undefined ? id : this.hashes.key(idempotencyKey),
          contentHash,
          messageId,
          owner: owner === undefined ? undefined : ownerKey(owner),
          ownerHash: owner === undefined ? undefined : this.hashes.owner(owner),
          recipientHashes: to.map((address) => this.hashes.recipient(address)),
          recipients: to,
          content,
          traceId,
        },
        bounds.maxWaiting,
      );
    } catch (error) {
      logger.error({ fault: databaseFaultOf(error), traceId }, 'mail not taken: it cannot be kept');
      throw this.refuse('The mail was not taken, since it cannot be kept at the moment. Send it again later.');
    }
    if (kept === 'full') throw this.refuse('Too much mail is waiting. Send this one again later.');
    if (kept === 'erased')
      throw this.refuse('The data of this account were erased a moment ago. Please try again in some minutes.');
    this.taken.inc({ outcome: kept.messageId === messageId ? 'queued' : 'repeated' });
    return kept;
  }

  private refuse(error: string): GatewayError {
    this.taken.inc({ outcome: 'refused' });
    return new GatewayError('UPSTREAM_UNAVAILABLE', { error, headers: { 'Retry-After': String(COME_AGAIN_S) } });
  }
}
