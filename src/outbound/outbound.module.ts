import { Global, Inject, Module, type OnModuleInit } from '@nestjs/common';
import { CONFIG, type GatewayConfig } from '../config/index.js';
import { Database } from '../database/index.js';
import { Metrics } from '../metrics/index.js';
import { PersonParts } from '../persons/index.js';
import { Retention } from '../retention/index.js';
import { LOGGER, type Logger } from '../trace/index.js';
import { MailTransport } from './mail/mail.js';
import { MAIL_BOUNDS } from './mail/mail-bounds.js';
import { MailDesk } from './mail/mail-desk.js';
import { MailHashes } from './mail/mail-hashes.js';
import { mailOfPerson } from './mail/mail-person.js';
import { MailQueue } from './mail/mail-queue.js';
import { MailStore } from './mail/mail.store.js';
import { MailWorker } from './mail/mail.worker.js';
import { SmtpSender } from './mail/smtp-sender.js';
import { Outbound } from './outbound.js';

@Global()
@Module({
  providers: [
    Outbound,
    {
      provide: MailQueue,
      inject: [CONFIG, Database, Retention, Metrics, LOGGER],
      useFactory: (
        { mail, identity }: GatewayConfig,
        database: Database,
        retention: Retention,
        metrics: Metrics,
        logger: Logger,
      ) => {
        const { smtp } = mail;
        const [store, bounds] = [new MailStore(database), MAIL_BOUNDS];
        const keptMs = (otherwise: number): number => retention.keptMs('sentMail', otherwise);
        const worker = smtp && new MailWorker({ store, sender: new SmtpSender(smtp), metrics, logger, bounds, keptMs });
        const domain = smtp?.from.address.split('@').at(-1) ?? '';
        return new MailQueue({ store, worker, domain, secret: identity.secret, metrics, logger, bounds });
      },
    },
    { provide: MailTransport, useExisting: MailQueue },
    {
      provide: MailDesk,
      inject: [Database, MailQueue],
      useFactory: (database: Database, queue: MailQueue) => new MailDesk(database, () => queue.wake()),
    },
  ],
  exports: [Outbound, MailTransport, MailDesk],
})
export class OutboundModule implements OnModuleInit {
  constructor(
    @Inject(CONFIG) private readonly config: GatewayConfig,
    @Inject(PersonParts) private readonly persons: PersonParts,
  ) {}

  onModuleInit(): void {
    this.persons.register(mailOfPerson(new MailHashes(this.config.identity.secret)));
  }
}
