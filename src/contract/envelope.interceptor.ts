import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { map, type Observable } from 'rxjs';
import { exchangeOf } from '../trace/index.js';

/** A native handler's answer with fields beside `data`: contract section 1 allows them where a client reads them. */
export class EnvelopeFields {
  constructor(readonly fields: Readonly<Record<string, unknown>>) {}
}

/** Puts what a native handler returns into `{ success: true, traceId, data }`. */
@Injectable()
export class EnvelopeInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const exchange = exchangeOf(context.switchToHttp().getRequest<IncomingMessage>());
    const traceId = exchange?.traceId ?? '';
    return next
      .handle()
      .pipe(
        map((value: unknown) =>
          value instanceof EnvelopeFields
            ? { success: true, traceId, ...value.fields }
            : { success: true, traceId, data: value ?? null },
        ),
      );
  }
}
