import { Controller, Header, Inject, Optional, Req } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../contract/index.js';
import { NativeHandler } from '../routing/index.js';
import { type Exchange, isTraceId, TraceBook } from '../trace/index.js';
import { askPeers, topic, WORKER_PLACE, type WorkerPlace } from '../workers/index.js';
import type { TraceRow, TraceView } from './admin-api.js';
import { adminRequest, pathTail } from './admin-request.js';
import { ThisInstance } from './this-instance.js';

/** Requests of one trace that are told; whoever sends the same trace id with each of his requests makes many. */
const MAX_REQUESTS = 50;
/** Rows of the list, where several workers have one each. */
const MAX_ROWS = 200;

type Traced = ReturnType<TraceBook['find']>;
type Rows = ReturnType<TraceBook['recent']>;
const FIND = topic<string, Traced>('traces.find');
const RECENT = topic<null, Rows>('traces.recent');

/** The way of requests that this instance remembers, in whichever of its workers. For administrators. */
@Controller()
export class TraceController {
  constructor(
    @Inject(TraceBook) private readonly book: TraceBook,
    @Inject(ThisInstance) private readonly instance: ThisInstance,
    @Optional() @Inject(WORKER_PLACE) private readonly place: WorkerPlace | undefined,
  ) {
    place?.link.handle(FIND, (traceId) => book.find(traceId));
    place?.link.handle(RECENT, () => book.recent());
  }

  @NativeHandler('admin.traces')
  @Header('Cache-Control', 'no-store')
  async list(@Req() req: IncomingMessage): Promise<readonly TraceRow[]> {
    adminRequest(req);
    const others = await askPeers(this.place?.link, RECENT, null);
    if (others.length === 0) return this.book.recent();
    const rows = [this.book.recent(), ...others].flat();
    return rows.toSorted((a, b) => b.at.localeCompare(a.at)).slice(0, MAX_ROWS);
  }

  @NativeHandler('admin.trace')
  @Header('Cache-Control', 'no-store')
  async show(@Req() req: IncomingMessage): Promise<TraceView> {
    const given = speltTail(adminRequest(req).exchange);
    if (!isTraceId(given))
      throw new GatewayError('VALIDATION_FAILED', {
        validationErrors: { traceId: 'must be the X-Trace-Id of an answer: 8 to 64 letters, digits, - and _' },
      });
    // What a client has chosen is kept as it spelt it; those of W3C are in small letters.
    const known = await this.find(given);
    const traceId = known.length > 0 ? given : given.toLowerCase();
    const requests = known.length > 0 ? known : await this.find(traceId);
    if (requests.length === 0)
      throw new GatewayError('NOT_FOUND', {
        error: `This instance (${this.instance.id}) remembers no request of this trace: it is forgotten, or another instance served it.`,
      });
    return { traceId, instance: this.instance.id, requests: requests.slice(-MAX_REQUESTS) };
  }

  private async find(traceId: string): Promise<Traced> {
    const others = await askPeers(this.place?.link, FIND, traceId);
    return [this.book.find(traceId), ...others].flat().toSorted((a, b) => a.at.localeCompare(b.at));
  }
}

/** The end of the address as it was spelt: a path is matched in small letters. */
function speltTail(exchange: Exchange): string {
  const tail = pathTail(exchange);
  const spelt = exchange.path.slice(exchange.path.length - tail.length);
  return spelt.toLowerCase() === tail ? spelt : tail;
}
