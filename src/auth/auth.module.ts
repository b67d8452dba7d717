import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { CONFIG, type GatewayConfig } from '../config/index.js';
import { SHARED_STATE, type SharedState } from '../state/index.js';
import { LOGGER, type Logger } from '../trace/index.js';
import { AdmittedGuard } from './admitted.guard.js';
import { ApplicationCalls } from './application-calls.js';
import { JwksKeys } from './jwt/jwks-keys.js';
import { JwtVerifier } from './jwt/jwt-verifier.js';
import { Revocations } from './revocations.js';
import { SignatureVerifier } from './signature/signature-verifier.js';

@Module({
  providers: [
    { provide: APP_GUARD, useClass: AdmittedGuard },
    {
      provide: JwtVerifier,
      inject: [CONFIG, Revocations, LOGGER],
      useFactory: ({ jwt }: GatewayConfig, revocations: Revocations, logger: Logger) =>
        new JwtVerifier(jwt, revocations, jwt.jwksUrl === undefined ? undefined : new JwksKeys(jwt.jwksUrl, logger)),
    },
    {
      provide: Revocations,
      inject: [CONFIG, SHARED_STATE],
      useFactory: ({ jwt }: GatewayConfig, state: SharedState) => new Revocations(state, jwt),
    },
    {
      provide: ApplicationCalls,
      inject: [CONFIG, SHARED_STATE, LOGGER],
      useFactory: ({ identity }: GatewayConfig, state: SharedState, logger: Logger) =>
        new ApplicationCalls(identity.secret, state, logger),
    },
    {
      provide: SignatureVerifier,
      inject: [CONFIG, SHARED_STATE, LOGGER],
      useFactory: ({ providers }: GatewayConfig, state: SharedState, logger: Logger) =>
        new SignatureVerifier(providers, state, logger),
    },
  ],
  exports: [ApplicationCalls, JwtVerifier, Revocations, SignatureVerifier],
})
export class AuthModule {}
