import { Controller, Header, Inject, Req } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { type PurgeTarget, ResponseCache } from '../cache/index.js';
import { GatewayError } from '../contract/index.js';
import { StageBoard } from '../experiment/index.js';
import { NativeHandler } from '../routing/index.js';
import { LOGGER, type Logger } from '../trace/index.js';
import { adminRequest } from './admin-request.js';

const MAX_TAG = 400;

/** Throws stored answers away, in every instance. For administrators; the log tells who did it. */
@Controller()
export class CacheController {
  constructor(
    @Inject(ResponseCache) private readonly cache: ResponseCache,
    @Inject(StageBoard) private readonly board: StageBoard,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @NativeHandler('admin.cache.purge')
  @Header('Cache-Control', 'no-store')
  async purge(@Req() req: IncomingMessage): Promise<object> {
    const { exchange, admin } = adminRequest(req);
    const target = this.targetOf(new URLSearchParams(exchange.search));
    await this.cache.purge(target);
    // A tag may hold a person's subject.
    const told = target.kind === 'route' ? { route: target.route } : {};
    this.logger.warn({ traceId: exchange.traceId, by: admin.subject, purged: target.kind, ...told }, 'cache purged');
    return { purged: target.kind, ...told };
  }

  private targetOf(query: URLSearchParams): PurgeTarget {
    const [entry, another] = query;
    if (entry === undefined) return { kind: 'all' };
    const [name, value] = entry;
    // What is misspelt must not empty everything.
    if (another !== undefined || (name !== 'route' && name !== 'tag'))
      throw invalid(name, 'say `route`, `tag` or nothing');
    if (name === 'tag') {
      if (value === '' || value === '*' || value.length > MAX_TAG)
        throw invalid('tag', `is a tag's name, 1 to ${MAX_TAG} characters`);
      return { kind: 'tag', tag: value };
    }
    const route = this.board.find(value)?.route;
    if (route === undefined)
      throw new GatewayError('NOT_FOUND', { error: 'The route table has no route of this name.' });
    if (route.policies.cache === undefined) throw invalid('route', 'has no cache in the route table');
    return { kind: 'route', route: route.name };
  }
}

function invalid(field: string, problem: string): GatewayError {
  return new GatewayError('VALIDATION_FAILED', { validationErrors: { [field.slice(0, 64)]: problem } });
}
