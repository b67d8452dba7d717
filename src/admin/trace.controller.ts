import { Controller, Header, Inject, Req } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../contract/index.js';
import { NativeHandler } from '../routing/index.js';
import { type Exchange, isTraceId, TraceBook } from '../trace/index.js';
import type { TraceRow, TraceView } from './admin-api.js';
import { adminRequest, pathTail } from './admin-request.js';
import { ThisInstance } from './this-instance.js';

/** Requests of one trace that are told; whoever sends the same trace id with each of his requests makes many. */
const MAX_REQUESTS = 50;

/** The way of requests that this instance remembers. For administrators. */
@Controller()
export class TraceController {
  constructor(
    @Inject(TraceBook) private readonly book: TraceBook,
    @Inject(ThisInstance) private readonly instance: ThisInstance,
  ) {}

  @NativeHandler('admin.traces')
  @Header('Cache-Control', 'no-store')
  list(@Req() req: IncomingMessage): readonly TraceRow[] {
    adminRequest(req);
    return this.book.recent();
  }

  @NativeHandler('admin.trace')
  @Header('Cache-Control', 'no-store')
  show(@Req() req: IncomingMessage): TraceView {
    const given = speltTail(adminRequest(req).exchange);
    if (!isTraceId(given))
      throw new GatewayError('VALIDATION_FAILED', {
        validationErrors: { traceId: 'must be the X-Trace-Id of an answer: 8 to 64 letters, digits, - and _' },
      });
    // What a client has chosen is kept as it spelt it; those of W3C are in small letters.
    const known = this.book.find(given);
    const traceId = known.length > 0 ? given : given.toLowerCase();
    const requests = known.length > 0 ? known : this.book.find(traceId);
    if (requests.length === 0)
      throw new GatewayError('NOT_FOUND', {
        error: `This instance (${this.instance.id}) remembers no request of this trace: it is forgotten, or another instance served it.`,
      });
    return { traceId, instance: this.instance.id, requests: requests.slice(-MAX_REQUESTS) };
  }
}

/** The end of the address as it was spelt: a path is matched in small letters. */
function speltTail(exchange: Exchange): string {
  const tail = pathTail(exchange);
  const spelt = exchange.path.slice(exchange.path.length - tail.length);
  return spelt.toLowerCase() === tail ? spelt : tail;
}
