import { Module } from '@nestjs/common';
import { SecretWatch } from './secret-watch.js';

@Module({ providers: [SecretWatch], exports: [SecretWatch] })
export class SecretsModule {}
