import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ExceptionEnvelopeFilter } from './exception.filter.js';

@Module({
  providers: [{ provide: APP_FILTER, useClass: ExceptionEnvelopeFilter }],
})
export class ContractModule {}
