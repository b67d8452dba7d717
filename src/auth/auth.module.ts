import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AdmittedGuard } from './admitted.guard.js';

@Module({ providers: [{ provide: APP_GUARD, useClass: AdmittedGuard }] })
export class AuthModule {}
