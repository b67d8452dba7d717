import { Controller, Header, Inject, Req } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../contract/index.js';
import { NativeHandler } from '../routing/index.js';
import { TraceBook } from '../trace/index.js';
import type { TraceRow, TraceView } from './admin-api.js';
import { adminRequest, pathTail } from './admin-request.js';
import { ThisInstance } from './this-instance.js';

const TRACE_ID = /^[0-9a-f]{32}$/;
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
    const traceId = pathTail(adminRequest(req).exchange).toLowerCase();
    if (!TRACE_ID.test(traceId))
      throw new GatewayError('VALIDATION_FAILED', {
        validationErrors: { traceId: 'must be 32 hexadecimal digits, as in X-Trace-Id' },
      });
    const requests = this.book.find(traceId);
    if (requests.length === 0)
      throw new GatewayError('NOT_FOUND', {
        error: `This instance (${this.instance.id}) remembers no request of this trace: it is forgotten, or another instance served it.`,
      });
    return { traceId, instance: this.instance.id, requests: requests.slice(-MAX_REQUESTS) };
  }
}
