import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { AuthModule, Revocations } from '../../auth/index.js';
import { CONFIG, type GatewayConfig } from '../../config/index.js';
import { ForwardModule, Upstreams } from '../../forward/index.js';
import { PersonParts } from '../../persons/index.js';
import { SHARED_STATE, type SharedState } from '../../state/index.js';
import { LOGGER, type Logger } from '../../trace/index.js';
import { AuthTokenController } from './auth-token.controller.js';
import { PhpAccounts } from './php-accounts.js';
import { RefreshFamilies } from './refresh-families.store.js';
import { successorKey, TokenService } from './token.service.js';

@Module({
  imports: [AuthModule, ForwardModule],
  controllers: [AuthTokenController],
  providers: [
    {
      provide: TokenService,
      inject: [CONFIG, SHARED_STATE, Upstreams, Revocations, LOGGER],
      useFactory: (
        { jwt, identity }: GatewayConfig,
        state: SharedState,
        upstreams: Upstreams,
        revocations: Revocations,
        logger: Logger,
      ) =>
        new TokenService(
          jwt,
          // Without a secret no token is given out: the identity's stands in, so that those of before can be revoked.
          new RefreshFamilies(state, successorKey(jwt.secret ?? identity.secret), jwt.refreshTokenTtlS * 1000),
          new PhpAccounts(upstreams, identity),
          revocations,
          logger,
        ),
    },
  ],
})
export class AuthTokenModule implements OnModuleInit {
  constructor(
    @Inject(TokenService) private readonly tokens: TokenService,
    @Inject(PersonParts) private readonly persons: PersonParts,
  ) {}

  onModuleInit(): void {
    this.persons.onErase(({ subject }) => this.tokens.endSubject(subject));
  }
}
