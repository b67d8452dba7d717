import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { CONFIG, type GatewayConfig } from '../config/index.js';
import { SHARED_STATE, type SharedState } from '../state/index.js';
import { AdmittedGuard } from './admitted.guard.js';
import { JwtVerifier } from './jwt-verifier.js';
import { SignatureVerifier } from './signature-verifier.js';

@Module({
  providers: [
    { provide: APP_GUARD, useClass: AdmittedGuard },
    { provide: JwtVerifier, inject: [CONFIG], useFactory: ({ jwt }: GatewayConfig) => new JwtVerifier(jwt) },
    {
      provide: SignatureVerifier,
      inject: [CONFIG, SHARED_STATE],
      useFactory: ({ providers }: GatewayConfig, state: SharedState) => new SignatureVerifier(providers, state),
    },
  ],
  exports: [JwtVerifier, SignatureVerifier],
})
export class AuthModule {}
