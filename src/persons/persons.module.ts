import { Global, Module } from '@nestjs/common';
import { CONFIG, type GatewayConfig } from '../config/index.js';
import { Database } from '../database/index.js';
import { ForwardModule, Upstreams } from '../forward/index.js';
import { Replication } from '../replication/index.js';
import { LOGGER, type Logger } from '../trace/index.js';
import { GatewayPerson } from './gateway-person.js';
import { PersonParts } from './person-part.js';
import { PersonRecordStore } from './person-records.store.js';
import { Persons } from './persons.js';
import { PhpPerson } from './php-person.js';

@Global()
@Module({
  imports: [ForwardModule],
  providers: [
    { provide: PersonParts, useFactory: () => new PersonParts() },
    {
      provide: Persons,
      inject: [CONFIG, Upstreams, Database, PersonParts, Replication, LOGGER],
      useFactory: (
        { identity }: GatewayConfig,
        upstreams: Upstreams,
        database: Database,
        parts: PersonParts,
        replication: Replication,
        logger: Logger,
      ) =>
        new Persons(
          new PhpPerson(upstreams, identity.secret),
          new GatewayPerson(database, parts, replication),
          parts,
          new PersonRecordStore(database, identity.secret),
          logger,
        ),
    },
  ],
  exports: [PersonParts, Persons],
})
export class PersonsModule {}
