import { Module } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR } from '@nestjs/core';
import { EnvelopeInterceptor } from './envelope.interceptor.js';
import { ExceptionEnvelopeFilter } from './exception.filter.js';

@Module({
  providers: [
    { provide: APP_FILTER, useClass: ExceptionEnvelopeFilter },
    { provide: APP_INTERCEPTOR, useClass: EnvelopeInterceptor },
  ],
})
export class ContractModule {}
